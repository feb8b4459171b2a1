import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { type Bundle, sharedBundle } from '../e2e/bundle.ts';
import { eventually } from '../e2e/eventually.ts';
import { assigned, loadBalancer } from '../e2e/objects.ts';
import { scenarios } from '../e2e/scenario.ts';

/** No output contains credentials, at any verbosity. */

const scenario = scenarios('security-secrets');
const verbose = ['-v=10'];

interface Config {
  clusters: { cluster: object }[];
  users: { name: string; user: { token?: string; exec?: object } }[];
}

function read(file: string): Config {
  return JSON.parse(readFileSync(file, 'utf8')) as Config;
}

function hides(output: string, secret: string): void {
  assert.ok(secret.length > 10);
  assert.ok(output.length > 100, 'there is output');
  for (const form of [secret, secret.slice(0, 20), Buffer.from(secret).toString('base64').slice(0, 20)])
    assert.ok(!output.includes(form), 'a credential is in the output');
}

scenario('the log of a whole run at -v=10 contains no token', async ({ cluster, start }) => {
  const { token = '' } = read(await cluster.install()).users[0]?.user ?? {};
  await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.9', 'cidr-x': 'nonsense' });
  const controller = start({ flags: verbose });
  await cluster.create(loadBalancer('default/web'));
  await cluster.becomes('default/web', assigned('10.1.0.1', 'range-default'));
  // The API server is killed during the watches and restarted.
  await cluster.server.signal('KILL');
  await controller.logs(/connect|socket|ECONNREFUSED|no response|broke/);
  await cluster.server.restart();
  await cluster.create(loadBalancer('default/late'));
  await cluster.becomes('default/late', assigned('10.1.0.2', 'range-default'));
  assert.ok(
    controller.log.some(({ msg }) => msg === 'request'),
    'each request is logged',
  );
  assert.equal(await controller.terminate(), 0);
  hides(controller.output, token);
  // Matches the header and not the API group of the same name.
  assert.ok(!/authorization"?\s*:|bearer/i.test(controller.output));
});

scenario('neither a rejected token nor one from an exec plugin is logged', async ({ cluster, start }) => {
  const folder = temporaryFolder('kvcp-secrets-');
  try {
    const config = read(cluster.server.kubeconfig());
    const as = (user: Config['users'][number]['user']): string => {
      const file = join(folder.path, 'kubeconfig');
      writeFileSync(
        file,
        JSON.stringify({ ...config, users: config.users.map((one) => ({ ...one, user })) }),
      );
      return file;
    };
    const wrong = 'wrong-token-wrong-token';
    const rejected = start({ flags: [...verbose, '--kubeconfig', as({ token: wrong })] });
    await rejected.logs(/401 Unauthorized|Unauthorized/);
    hides(rejected.output, wrong);
    await rejected.crash();

    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: cluster.server.token },
    };
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      interactiveMode: 'Never',
      command: process.execPath,
      args: ['-e', `console.log(${JSON.stringify(JSON.stringify(credential))})`],
    };
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.9' });
    await cluster.create(loadBalancer('default/web'));
    const plugged = start({ flags: [...verbose, '--kubeconfig', as({ exec })] });
    await cluster.becomes('default/web', assigned('10.1.0.1', 'range-default'));
    await eventually(() => assert.match(plugged.output, /"msg":"request"/));
    hides(plugged.output, cluster.server.token);
  } finally {
    folder.remove();
  }
});

let bundle: Bundle | undefined;
const folder = temporaryFolder('kvcp-secrets-');
before(async () => {
  bundle = await sharedBundle();
});
after(() => {
  bundle?.remove();
  folder.remove();
});

interface ProcessResult {
  code: number | null;
  output: string;
}

/** Runs the built program with a kubeconfig until it exits. */
function runs(text: string, flags: readonly string[] = []): Promise<ProcessResult> {
  const file = join(folder.path, 'config');
  writeFileSync(file, text);
  const { promise, resolve } = Promise.withResolvers<ProcessResult>();
  const args = [
    bundle?.entry ?? '',
    '--kubeconfig',
    file,
    '--secure-port=0',
    '--web-port=0',
    ...verbose,
    ...flags,
  ];
  const child = execFile(process.execPath, args, { env: {}, timeout: 300_000 }, (_error, stdout, stderr) => {
    resolve({ code: child.exitCode, output: stdout + stderr });
  });
  return promise;
}

const secret = 'SECRET-SECRET-SECRET';
const kubeconfig = (server: string, user: object, proxyUrl?: string): string =>
  JSON.stringify({
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server, 'proxy-url': proxyUrl } }],
    users: [{ name: 'u', user }],
  });
const exec = (script: string): object => ({
  exec: {
    apiVersion: 'client.authentication.k8s.io/v1',
    interactiveMode: 'Never',
    command: process.execPath,
    args: ['-e', script],
  },
});

/** Invalid kubeconfigs, each with a secret near the error. */
const unusable: Readonly<Record<string, readonly [text: string, message: RegExp]>> = {
  'an error on the line after the token': [
    `users:\n- name: a\n  user:\n    token: ${secret}\n   bad: [\n`,
    /cannot be parsed: All mapping items must start at the same column at line 5, column 1/,
  ],
  'the token alone': [secret, /cannot be parsed: it is not a mapping/],
  'a token that YAML reads as an alias': [
    `users:\n- name: a\n  user:\n    token: *${secret}\n`,
    /cannot be parsed: .*alias/i,
  ],
  'a token where YAML expects something else': [
    `users: []\n}${secret}\n`,
    /cannot be parsed: Unexpected .* at line 2, column 1/,
  ],
  'a password in the address': [
    kubeconfig(`https://user:${secret}@127.0.0.1:1`, {}),
    /contains a user or a password/,
  ],
  'a proxy, which the controller does not support': [
    kubeconfig('https://127.0.0.1:1', {}, `http://user:${secret}@127.0.0.1:2`),
    /sets proxy-url, which only kubectl vip supports/,
  ],
  'a password in an address without a scheme': [
    kubeconfig(`user:${secret}@127.0.0.1:1`, {}),
    /contains a user or a password/,
  ],
  'a plugin that prints the bare token': [
    kubeconfig('https://127.0.0.1:1', exec(`console.log('${secret}')`)),
    /the output of its exec plugin is not JSON/,
  ],
};

for (const [title, [text, message]] of Object.entries(unusable)) {
  test(`the error for an invalid kubeconfig contains no secret: ${title}`, async () => {
    const { code, output } = await runs(text);
    assert.notEqual(code, 0);
    assert.match(output, message);
    hides(`${output}${' '.repeat(100)}`, secret);
  });
}

test('a password on the command line is not repeated', async () => {
  for (const server of [`https://user:${secret}@10.0.0.1`, `https://:${secret}@10.0.0.1`]) {
    const { code, output } = await runs('', ['--master', server]);
    assert.equal(code, 2);
    assert.match(output, /--master="https:\/\/\.\.\.@10\.0\.0\.1" is not a valid server URL/);
    hides(`${output}${' '.repeat(100)}`, secret);
  }
});
