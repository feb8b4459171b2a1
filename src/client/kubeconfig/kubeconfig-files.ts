import { readFile } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import {
  type Cluster,
  type Context,
  newClusters,
  newContexts,
  newUsers,
  type User,
} from '@kubernetes/client-node/dist/config_types.js';
import { LineCounter, parseDocument } from 'yaml';
import { errorText } from '../errors.ts';

/** Which files to read. */
export interface KubeconfigSource {
  /**
   * `--kubeconfig FILE`. Defaults to KUBECONFIG, which may list several files, then to `.kube/config` in the
   * home directory.
   */
  readonly file?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** The content of all files. */
export interface KubeconfigEntries {
  readonly clusters: readonly Cluster[];
  readonly users: readonly KubeconfigUser[];
  readonly contexts: readonly Context[];
  /** Empty if not set. */
  readonly currentContext: string;
}

/** A user with what the library does not read. */
export interface KubeconfigUser extends User {
  readonly impersonateGroups?: readonly string[];
  readonly impersonateUid?: string;
  readonly impersonateExtra?: Readonly<Record<string, readonly string[]>>;
  /** The file of `auth-provider: {name: oidc}`, whose new tokens are stored there. */
  readonly oidcFile?: string;
}

/** What the messages of the caller need. */
export interface LoadedKubeconfig extends KubeconfigEntries {
  readonly files: readonly string[];
}

/**
 * Reads and merges all files. As with kubectl, the first file that defines a name wins. Without any file, returns no entries
 * if `isOptional`, otherwise rejects.
 */
export async function readKubeconfig(
  source: KubeconfigSource,
  isOptional: boolean,
): Promise<LoadedKubeconfig> {
  const { files, mayBeMissing, origin } = namedFiles(source);
  const found: KubeconfigEntries[] = [];
  for (const file of files) {
    const text = await readText(file, mayBeMissing);
    if (text !== undefined) found.push(parse(file, text));
  }
  if (found.length === 0 && !isOptional)
    throw new Error(`no kubeconfig found: ${files.join(', ')} (${origin}) does not exist`);
  return {
    files,
    clusters: firstByName(found.flatMap(({ clusters }) => clusters)),
    users: firstByName(found.flatMap(({ users }) => users)),
    contexts: firstByName(found.flatMap(({ contexts }) => contexts)),
    currentContext: found.find(({ currentContext }) => currentContext !== '')?.currentContext ?? '',
  };
}

function namedFiles({ file, env, home }: KubeconfigSource): {
  files: string[];
  mayBeMissing: boolean;
  origin: string;
} {
  if (file !== undefined) return { files: [file], mayBeMissing: false, origin: '--kubeconfig' };
  const listed = (env.KUBECONFIG ?? '').split(delimiter).filter((each) => each !== '');
  // kubectl ignores files in this list that do not exist.
  if (listed.length > 0) return { files: listed, mayBeMissing: true, origin: 'KUBECONFIG' };
  return {
    files: [join(home, '.kube', 'config')],
    mayBeMissing: true,
    origin: 'neither --kubeconfig nor KUBECONFIG is set',
  };
}

async function readText(file: string, mayBeMissing: boolean): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isMissing && mayBeMissing) return undefined;
    if (isMissing) throw new Error(`kubeconfig ${file} does not exist`);
    throw new Error(`cannot read kubeconfig ${file}: ${errorText(error)}`);
  }
}

type Fields = Readonly<Record<string, unknown>>;

function parse(file: string, text: string): KubeconfigEntries {
  // As for kubectl, an empty file has no entries.
  const root = parseYaml(file, text) ?? {};
  if (!isMapping(root)) throw unparsable(file, 'it is not a mapping');
  const folder = dirname(file);
  try {
    return {
      clusters: newClusters(withAbsolutePaths(folder, root.clusters, 'cluster', ['certificate-authority'])),
      users: usersOf(file, root.users),
      contexts: newContexts(root.contexts),
      currentContext: typeof root['current-context'] === 'string' ? root['current-context'] : '',
    };
  } catch (error) {
    // The library throws a TypeError for a value of another type, and its text names only the library's variables.
    throw unparsable(file, error instanceof TypeError ? 'a field has the wrong type' : errorText(error));
  }
}

function parseYaml(file: string, text: string): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { logLevel: 'error', prettyErrors: false, lineCounter });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line, col } = lineCounter.linePos(problem.pos[0]);
    // After a colon, the message quotes the file, and so possibly a token.
    const reason = problem.message.split(':', 1)[0];
    throw unparsable(file, `${reason} at line ${line}, column ${col}`);
  }
  try {
    return document.toJS();
  } catch {
    throw unparsable(file, 'an alias has no anchor, or too many have the same one');
  }
}

function unparsable(file: string, reason: string): Error {
  return new Error(`kubeconfig ${file} cannot be parsed: ${reason}`);
}

function usersOf(file: string, list: unknown): KubeconfigUser[] {
  const folder = dirname(file);
  const paths = ['client-certificate', 'client-key', 'tokenFile'];
  const entries = withAbsolutePaths(folder, list, 'user', paths);
  return newUsers(entries).map((user, index) => {
    const fields = entryFields(entries, index, 'user');
    return {
      ...user,
      ...tokenFileOf(fields),
      ...(user.exec ? { exec: withAbsoluteCommand(folder, user.exec) } : {}),
      ...impersonationOf(fields),
      ...(user.authProvider?.name === 'oidc' ? { oidcFile: file } : {}),
    };
  });
}

/** The fields of an entry of `clusters`, `users`, or `contexts`: `{name, user: {...}}`. */
function entryFields(list: unknown, index: number, key: string): Fields {
  const entry: unknown = Array.isArray(list) ? list[index] : undefined;
  const fields = isMapping(entry) ? entry[key] : undefined;
  return isMapping(fields) ? fields : {};
}

/** Paths in a kubeconfig are relative to its folder. */
function withAbsolutePaths(folder: string, list: unknown, key: string, names: readonly string[]): unknown {
  if (!Array.isArray(list)) return list;
  return list.map((entry: unknown, index) => {
    if (!isMapping(entry) || !isMapping(entry[key])) return entry;
    const fields = entryFields(list, index, key);
    const paths = names.flatMap((name) => {
      const path = fields[name];
      return typeof path === 'string' && path !== '' ? [[name, resolve(folder, path)]] : [];
    });
    return { ...entry, [key]: { ...fields, ...Object.fromEntries(paths) } };
  });
}

/** The library reads the file again every minute, but does not know kubectl's name for it. The file replaces a token. */
function tokenFileOf({ tokenFile }: Fields): Partial<KubeconfigUser> {
  return typeof tokenFile === 'string' && tokenFile !== ''
    ? { token: '', authProvider: { name: 'tokenFile', config: { tokenFile } } }
    : {};
}

/** A command without a slash is found on the PATH. */
function withAbsoluteCommand(folder: string, exec: Fields): Fields {
  const { command } = exec;
  return typeof command === 'string' && /[/\\]/.test(command)
    ? { ...exec, command: resolve(folder, command) }
    : exec;
}

function impersonationOf(fields: Fields): Partial<KubeconfigUser> {
  const { 'as-groups': groups, 'as-uid': uid, 'as-user-extra': extra } = fields;
  return {
    ...(Array.isArray(groups) ? { impersonateGroups: groups.map(String) } : {}),
    ...(typeof uid === 'string' ? { impersonateUid: uid } : {}),
    ...(isMapping(extra)
      ? {
          impersonateExtra: Object.fromEntries(
            Object.entries(extra).map(([key, values]) => [key, [values].flat().map(String)]),
          ),
        }
      : {}),
  };
}

function isMapping(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firstByName<T extends { readonly name: string }>(entries: readonly T[]): T[] {
  return entries.filter((entry, index) => entries.findIndex((other) => other.name === entry.name) === index);
}
