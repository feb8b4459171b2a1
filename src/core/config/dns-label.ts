/** A DNS label (RFC 1123), in the common syntax of JavaScript and RE2, because the admission policy uses it, too. */
export const dnsLabel = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';

const onlyLabel = new RegExp(`^(?:${dnsLabel})$`);

/** Whether the text is the name of a namespace, a Service, or a pool. */
export function isDnsLabel(text: string): boolean {
  return onlyLabel.test(text);
}
