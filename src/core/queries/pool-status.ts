import type { ConfigProblem } from '../config/config-problem.ts';
import { parseKey, poolKey } from '../config/keys.ts';
import { oncePerConfig } from '../config/once-per-config.ts';
import { explainProblem } from '../explain/explain-config.ts';
import type { AllocatorView } from './occupancy.ts';
import { type PoolRow, poolRows } from './report.ts';

/** Each key starts with it, so that none can be read as the key of a pool. */
const start = 'status.';

/** A ConfigMap can have 1 MiB of data: a character takes at most three bytes. */
const limits = { pools: 1_000, characters: 300_000, problems: 5, problemLength: 500 };

/**
 * The state of the pools as the data of a ConfigMap, short YAML for each: for people and programs without the plugin. `pending`:
 * how many Services wait for an address of a pool, by its key. O(pools + problems + intervals of used addresses).
 */
export function poolStatus(
  context: Pick<AllocatorView, 'ledger' | 'config'>,
  pending: ReadonlyMap<string, number>,
): Record<string, string> {
  const { config } = context;
  const problems = problemsByPool(config);
  const data: Record<string, string> = {};
  let characters = 0;
  let published = 0;
  for (const row of poolRows(context, limits.pools)) {
    const name = start + row.key;
    const text = textOf(row, pending.get(row.key) ?? 0, problems.get(row.key) ?? []);
    characters += name.length + text.length;
    if (characters > limits.characters) break;
    data[name] = text;
    published += 1;
  }
  const omitted = config.pools.size - published;
  if (omitted > 0) data['omitted-pools'] = `${omitted}\n`;
  const others = problems.get('') ?? [];
  if (others.length > 0) data.problems = listOf(others).join('');
  return data;
}

/**
 * The problems of each pool, by its key, among them those of keys like `select.internal`. Those of no pool have the key ''. Once
 * O(problems): a ConfigMap can have 100,000.
 */
const problemsByPool = oncePerConfig(
  ({ pools, problems }): ReadonlyMap<string, readonly ConfigProblem[]> =>
    Map.groupBy(problems, ({ key }) => {
      const { scope, target = '' } = parseKey(key) ?? {};
      const pool = scope === 'pool' ? poolKey(target) : key;
      return pools.has(pool) ? pool : '';
    }),
);

function textOf(row: PoolRow, pending: number, problems: readonly ConfigProblem[]): string {
  const { size, used, free, excluded, reserved } = row;
  const counts = Object.entries({ size, used, free, excluded, reserved, pending });
  return [
    ...counts.map(([name, count]) => `${name}: ${count}\n`),
    ...(problems.length === 0 ? [] : ['problems:\n', ...listOf(problems)]),
  ].join('');
}

/** JSON strings are YAML, too. */
function listOf(problems: readonly ConfigProblem[]): string[] {
  const sentences = problems.slice(0, limits.problems).map(explainProblem).map(shortened);
  const more = problems.length - sentences.length;
  return [...sentences, ...(more > 0 ? [`${more} more`] : [])].map((text) => `- ${JSON.stringify(text)}\n`);
}

function shortened(text: string): string {
  const { problemLength } = limits;
  return text.length <= problemLength ? text : `${text.slice(0, problemLength).toWellFormed()}…`;
}
