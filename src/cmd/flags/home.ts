import { homedir } from 'node:os';

/** The home directory. In a container, the user may have none, because its ID has no entry in /etc/passwd. Then it is `/`. */
export function home(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}
