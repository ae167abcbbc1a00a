/** `localStorage`, or memory where the browser refuses it (blocked cookies, a full disk): nothing then outlives the page. */
export function openStorage(): Pick<Storage, "getItem" | "setItem"> {
  const memory = new Map<string, string>();
  return {
    getItem(key) {
      try {
        return window.localStorage.getItem(key) ?? memory.get(key) ?? null;
      } catch {
        return memory.get(key) ?? null;
      }
    },
    setItem(key, value) {
      memory.set(key, value);
      try {
        window.localStorage.setItem(key, value);
      } catch {
        // Kept in memory.
      }
    },
  };
}
