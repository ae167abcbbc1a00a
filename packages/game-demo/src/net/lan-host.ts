const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;

/**
 * Asks the server of a page that was opened as `localhost` for this machine's address in the local network. The servers that the demo comes
 * with know it; any other answer (a page, an error) counts as not known.
 */
export async function askLanHost(): Promise<string | undefined> {
  try {
    const response = await fetch("/lan-host");
    const text = response.ok ? (await response.text()).trim() : "";
    return IPV4.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
