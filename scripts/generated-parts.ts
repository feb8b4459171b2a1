/** Replaces the lines between `generated: NAME` and `end of NAME`, which are in comments of the file's language. */
export function withParts(text: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce((file, [name, part]) => {
    const pattern = new RegExp(`(?<=generated: ${name}\\b.*\\n)[^]*?(?=^.*end of ${name}\\b)`, 'm');
    if (!pattern.test(file)) throw new Error(`generate: The markers of part ${name} are missing.`);
    return file.replace(pattern, () => part);
  }, text);
}
