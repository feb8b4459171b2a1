import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, join, relative, resolve } from 'node:path';
import { type BuildResult, build as bundle, type Plugin } from 'esbuild';
import { pageFiles } from '../src/web/page-files.ts';
import { licensesText } from './licenses.ts';

/** A program for a user's PATH: one executable file, whole in itself wherever it is copied or linked to. */
export interface Tool {
  entry: string;
  /** The name of its file, without its ending. */
  name: string;
}

/**
 * Makes dist/: the controller as one file, and beside it one more file for each module that is imported dynamically,
 * whole in itself. esbuild's own splitting would put what both use into a third file, which the path inside a
 * cluster would then need as well. The price: an error class that is in both files is two classes, so a dynamically
 * imported module must not be asked with `instanceof` for a class of ours.
 */
export interface BuildPlan {
  root: string;
  entry: string;
  /** The name of the entry's file in the output, without its ending. */
  name: string;
  outdir: string;
  version: string;
  tools?: readonly Tool[];
  /** Programs that are distributed as they are. */
  scripts?: readonly string[];
  /** Packages that esbuild is to leave outside; only a test wants that. */
  external?: string[];
}

export interface BuiltFile {
  name: string;
  bytes: number;
}

interface Bundle {
  name: string;
  text: string;
  legal: string;
  inputs: string[];
}

const oldestNode = 24;

const requireInModules =
  "import { createRequire as createRequireHere } from 'node:module';\nconst require = createRequireHere(import.meta.url);";

/** An older Node would get some way, and then fail in words that help nobody. */
const requireNode = `if (Number(process.versions.node.split('.')[0]) < ${oldestNode}) {
  process.stderr.write('This is Node ' + process.version + ', and this program needs Node ${oldestNode} or newer.\\n');
  process.exit(1);
}`;

export async function buildDistribution(plan: BuildPlan): Promise<BuiltFile[]> {
  const bundles: Bundle[] = [];
  const waiting = new Map([[resolve(plan.root, plan.entry), plan.name]]);
  const done = new Set<string>();
  for (const [path, name] of waiting) {
    if (done.has(path)) continue;
    done.add(path);
    bundles.push(await bundleOne(plan, path, name, waiting));
  }
  const tools: Bundle[] = [];
  for (const { entry, name } of plan.tools ?? [])
    tools.push(await bundleOne(plan, resolve(plan.root, entry), name, undefined));
  const license = licensesText(
    plan.root,
    [...bundles, ...tools].flatMap(({ inputs }) => inputs),
    [...bundles, ...tools].map(({ legal }) => legal),
  );
  const about = {
    name: plan.name,
    version: plan.version,
    type: 'module',
    private: true,
    engines: { node: `>=${oldestNode}` },
  };
  const files = [
    ...[...bundles, ...tools].map(({ name, text }) => ({ name: `${name}.js`, text })),
    { name: 'package.json', text: `${JSON.stringify(about, undefined, 2)}\n` },
    { name: 'LICENSES', text: license },
    ...(plan.scripts ?? []).map((path) => ({
      name: basename(path),
      text: readFileSync(join(plan.root, path), 'utf8'),
    })),
  ];
  // Only when all of it has been made: a failed build leaves the last one.
  rmSync(plan.outdir, { recursive: true, force: true });
  mkdirSync(plan.outdir, { recursive: true });
  for (const { name, text } of files) writeFileSync(join(plan.outdir, name), text);
  const programs = [
    ...tools.map(({ name }) => `${name}.js`),
    ...(plan.scripts ?? []).map((path) => basename(path)),
  ];
  for (const name of programs) chmodSync(join(plan.outdir, name), 0o755);
  return files.map(({ name, text }) => ({ name, bytes: Buffer.byteLength(text) }));
}

async function bundleOne(
  plan: BuildPlan,
  path: string,
  name: string,
  others: Map<string, string> | undefined,
): Promise<Bundle> {
  const first = await run(plan, path, name, others, '');
  const requires = Object.values(first.metafile.outputs).some(({ imports }) =>
    imports.some(({ kind }) => kind === 'require-call'),
  );
  // Bundled CommonJS asks for `require`, which a module does not have.
  const result = requires ? await run(plan, path, name, others, requireInModules) : first;
  checkImports(result, name, new Set(others?.values()));
  const text = result.outputFiles.find((file) => file.path.endsWith('.js'))?.text;
  if (text === undefined) throw new Error(`build: esbuild made no ${name}.js`);
  const legal = result.outputFiles.find((file) => file.path.endsWith('.LEGAL.txt'))?.text ?? '';
  return { name, text, legal, inputs: Object.keys(result.metafile.inputs) };
}

/** `others`: where dynamically imported modules are to be files of their own; undefined: in the same file. */
function run(
  plan: BuildPlan,
  path: string,
  name: string,
  others: Map<string, string> | undefined,
  banner: string,
) {
  const shebang = others === undefined ? '#!/usr/bin/env node\n' : '';
  return bundle({
    absWorkingDir: plan.root,
    entryPoints: { [name]: path },
    outdir: plan.outdir,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: `node${oldestNode}`,
    // Names and lines stay as they are, so that a stack trace says something.
    minifySyntax: true,
    charset: 'utf8',
    legalComments: 'external',
    define: { BUILD_VERSION: JSON.stringify(plan.version) },
    banner: { js: shebang + (banner === '' ? requireNode : `${banner}\n${requireNode}`) },
    plugins: [...(others === undefined ? [] : [ownFiles(plan.root, others)]), pageWithin],
    external: plan.external ?? [],
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
}

/** `await import('./kubeconfig.ts')` of ours becomes an import of a file beside this one. */
function ownFiles(root: string, others: Map<string, string>): Plugin {
  return {
    name: 'own-files',
    setup: ({ onResolve }) => {
      onResolve({ filter: /^\.?\.?\// }, ({ kind, path, resolveDir }) => {
        const target = resolve(resolveDir, path);
        const isForeign = relative(root, target).split(/[/\\]/).includes('node_modules');
        if (kind !== 'dynamic-import' || isForeign) return undefined;
        const name = others.get(target) ?? basename(target).replace(/\.[cm]?[jt]s$/, '');
        const taken = [...others].some(([file, other]) => other === name && file !== target);
        if (taken) return { errors: [{ text: `two files would be called ${name}.js: rename one` }] };
        others.set(target, name);
        return { path: `./${name}.js`, external: true };
      });
    },
  };
}

/** The page's files as values: in an image there is no folder to read them from, and nothing that takes types off. */
const pageWithin: Plugin = {
  name: 'page-within',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[/\\]src[/\\]web[/\\]page-files\.ts$/ }, () => ({
      contents: `const files = ${JSON.stringify(pageFiles())};\nexport const pageFiles = () => files;\n`,
    }));
  },
};

/** What bundled packages ask for inside a `try`, and do without: `debug` for colours in its output. */
const optional: ReadonlySet<string> = new Set(['supports-color']);

/** Node and nothing else: a package that esbuild left outside would be missing where the file runs. */
function checkImports(
  result: Pick<BuildResult<{ metafile: true }>, 'metafile'>,
  name: string,
  own: ReadonlySet<string>,
): void {
  const missing = Object.values(result.metafile.outputs)
    .flatMap(({ imports }) => imports)
    .filter(({ external }) => external === true)
    .filter(({ path, kind }) => !(kind === 'require-call' && optional.has(path)))
    .filter(({ path }) => !isBuiltin(path) && !own.has(path.slice('./'.length, -'.js'.length)))
    .map(({ path }) => path);
  if (missing.length === 0) return;
  const packages = [...new Set(missing)].join(', ');
  throw new Error(`build: ${name}.js would need ${packages}, which is not part of Node. Bundle it.`);
}

/** What is distributed of this checkout. */
export function distribution(root: string): BuildPlan {
  return {
    root,
    entry: 'src/cmd/controller/main.ts',
    name: 'kube-vip-cloud-provider',
    outdir: join(root, 'dist'),
    version: versionOf(root),
    tools: [{ entry: 'src/cmd/kubectl-vip/main.ts', name: 'kubectl-vip' }],
    scripts: ['scripts/kubectl_complete-vip'],
  };
}

function versionOf(root: string): string {
  const about: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const version =
    typeof about === 'object' && about !== null && 'version' in about ? about.version : undefined;
  if (typeof version !== 'string') throw new Error('build: package.json has no version. Add one.');
  return version;
}

if (import.meta.main) {
  const plan = distribution(resolve(import.meta.dirname, '..'));
  for (const { name, bytes } of await buildDistribution(plan)) {
    console.log(`${(bytes / 1024).toFixed(0).padStart(6)} kB  dist/${name}`);
  }
}
