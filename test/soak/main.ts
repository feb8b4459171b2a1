/**
 * `npm run soak`: thousands of Services on a real API server, edited at random for minutes while the control plane, the
 * network and the controllers fail (docs/soak.md).
 */
import { parseArgs } from 'node:util';
import { machineLine, thisMachine } from '../../bench/machine.ts';
import { locateBinaries } from '../controlplane/binaries.ts';
import { buildBundle } from '../e2e/bundle.ts';
import { memoryTable } from './memory.ts';
import { listing, resultOf } from './report.ts';
import { soak } from './soak.ts';

const help = `Create, edit and delete Services at random on kube-apiserver, with two controllers, while the
API server, etcd, the connections and the controllers fail, and check what etcd stored.

  npm run soak -- [FLAGS]

  --services N   Approximate number of Services at a time             [5000]
  --minutes N    Duration of user actions and faults                  [10]
  --acts N       Maximum number of user actions per second            [40]
  --seed N       Repeat the choices of users and faults; the timing depends on the machine   [random]
  --claims       Run the controllers with --claims
  -h, --help     Print this help

Progress is printed to standard error. Exit codes: 0 all promises held, 1 a promise was broken or the run did not
finish, 2 invalid usage.
`;

/** The time limit, which includes creating the Services, the rests, and a margin for slow machines. */
function hardStopMs(services: number, minutes: number): number {
  return (minutes * 3 + 5) * 60_000 + services * 40;
}

function say(text: string): void {
  process.stderr.write(`soak: ${text}\n`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      services: { type: 'string', default: '5000' },
      minutes: { type: 'string', default: '10' },
      acts: { type: 'string', default: '40' },
      seed: { type: 'string', default: String(1 + (Date.now() % 1_000_000)) },
      claims: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const [services = 0, minutes = 0, acts = 0, seed = 0] = [
    values.services,
    values.minutes,
    values.acts,
    values.seed,
  ].map(Number);
  const limits = {
    services: [100, 20_000],
    minutes: [0.5, 1_000],
    acts: [1, 1_000],
    seed: [1, 2 ** 31],
  } as const;
  for (const [flag, value] of Object.entries({ services, minutes, acts, seed })) {
    const [least, most] = limits[flag as keyof typeof limits];
    if ((Number.isInteger(value) || flag === 'minutes') && value >= least && value <= most) continue;
    say(`--${flag} must be a number from ${least} to ${most}. Run with --help for usage.`);
    return 2;
  }
  const { folder, missing } = locateBinaries(process.env);
  if (missing.length > 0) {
    say(`Missing: ${missing.join(' and ')}. To build them, run: npm run controlplane`);
    return 1;
  }
  const flags = `--services ${services} --minutes ${minutes} --acts ${acts} --seed ${seed}`;
  const command = `npm run soak -- ${flags}${values.claims ? ' --claims' : ''}`;
  say(command);
  const stop = setTimeout(
    () => {
      console.log(
        `soak: seed ${seed}: FAILED, not finished within ${hardStopMs(services, minutes) / 60_000} minutes`,
      );
      // The children end with this process.
      process.exit(1);
    },
    hardStopMs(services, minutes),
  );
  const bundle = await buildBundle();
  try {
    const report = await soak({
      ...{ binaries: folder, bundle: bundle.entry, services, seed, claims: values.claims, progress: say },
      ...{ seconds: minutes * 60, roundSeconds: 45, actsPerSecond: acts },
      ...{ quietSeconds: 10, restSeconds: 120, pace: 1 },
    });
    const { isSuccess, text } = resultOf(report);
    console.log(`${machineLine(thisMachine())}\n${command}\n`);
    if (report.timeline.length > 0) console.log(`${report.timeline.join('\n')}\n`);
    console.log(listing(report));
    console.log(`controllers at rest, the leader first\n\n${memoryTable(report.samples)}`);
    console.log(`soak: seed ${seed}, ${text}`);
    return isSuccess ? 0 : 1;
  } finally {
    clearTimeout(stop);
    bundle.remove();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage =
    error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  say(isUsage ? `${error.message}\nRun "npm run soak -- --help" for usage.` : String(error));
  if (!isUsage) console.log('soak: FAILED, the run was aborted');
  process.exitCode = isUsage ? 2 : 1;
}
process.exit();
