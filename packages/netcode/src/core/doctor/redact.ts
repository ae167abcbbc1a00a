/** Takes out of a report what says where somebody lives. */

const IPV4 = /\b(\d{1,3}\.\d{1,3})\.\d{1,3}\.\d{1,3}\b/g;
const IPV6 = /\b([0-9a-f]{1,4}:[0-9a-f]{0,4}):[0-9a-f:]*(?:%\w+)?/gi;

/** Leaves the first half of every IPv4 address and the first 32 bits of every IPv6 address: enough to know the network, not the line. */
export function redactAddresses(text: string): string {
  return text.replaceAll(IPV4, "$1.x.x").replaceAll(IPV6, "$1:x");
}
