import { quoted } from '../../core/text/quote.ts';

/** Reads the URL of an API server; without a scheme, uses the given one. Returns a message if it is not a valid one. */
export function readServerUrl(flag: string, text: string, scheme: string): string | { message: string } {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `${scheme}://${text}`);
  const isServer =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.username + url.password + url.search + url.hash === '';
  if (isServer) return url.href.replace(/\/$/, '');
  // It may contain a password.
  const shown = quoted(text.replace(/\/\/[^/]*@/, '//...@'));
  return { message: `${flag}=${shown} is not a valid server URL. Use a URL such as https://10.0.0.1:6443.` };
}
