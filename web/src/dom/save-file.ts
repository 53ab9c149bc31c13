/** Hands bytes to the browser's downloads. */
export function saveFile(bytes: Blob, name: string): void {
  const address = URL.createObjectURL(bytes);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A name without what file systems refuse. */
export function fileName(...parts: (string | null)[]): string {
  const words = parts.filter((part) => part !== null && part !== '').join('-');
  return words.replace(/[^\w.+-]+/g, '_');
}
