import { open, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { isMap, isSeq, parseDocument } from 'yaml';
import { errorText } from '../errors.ts';

/**
 * Writes new OIDC tokens of a user into its kubeconfig, and keeps everything else, including comments. Like kubectl, locks the
 * file with `FILE.lock`, and rejects if it cannot write.
 */
export async function storeTokens(
  file: string,
  user: string,
  tokens: Readonly<Record<string, string>>,
): Promise<void> {
  try {
    // A kubeconfig may be a symbolic link.
    const path = await realpath(file);
    const lock = `${path}.lock`;
    await (await open(lock, 'wx')).close();
    try {
      const text = withTokens(await readFile(path, 'utf8'), user, tokens);
      const { mode } = await stat(path);
      const temporary = `${path}.${process.pid}`;
      await writeFile(temporary, text, { mode });
      // A crash leaves the old file or the new one.
      await rename(temporary, path);
    } finally {
      await rm(lock, { force: true });
    }
  } catch (error) {
    throw new Error(`cannot store its new OIDC tokens in ${file}: ${errorText(error)}. Log in again`);
  }
}

function withTokens(text: string, user: string, tokens: Readonly<Record<string, string>>): string {
  const document = parseDocument(text);
  const users = document.get('users');
  const items = isSeq(users) ? users.items : [];
  const entry = items.find((item) => isMap(item) && item.get('name') === user);
  if (!isMap(entry)) throw new Error(`the user "${user}" no longer exists`);
  for (const [name, value] of Object.entries(tokens))
    entry.setIn(['user', 'auth-provider', 'config', name], value);
  return document.toString({ lineWidth: 0 });
}
