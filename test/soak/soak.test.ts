import assert from 'node:assert/strict';
import { test } from 'node:test';
import { locateBinaries } from '../controlplane/binaries.ts';
import { sharedBundle } from '../e2e/bundle.ts';
import { growth } from './memory.ts';
import { notSeen } from './report.ts';
import { soak } from './soak.ts';

const { folder, missing } = locateBinaries(process.env);
const skip = missing.length > 0 ? `needs ${missing.join(', ')}: \`npm run controlplane\` builds them` : false;

/** `SOAK_SEED` repeats the choices of a run. The timing depends on the machine. */
const seed = Number(process.env.SOAK_SEED ?? String(1 + (Date.now() % 1_000_000)));

test(`a few hundred Services are edited at random during each kind of fault (seed ${seed}): all promises hold`, {
  skip,
  timeout: 300_000,
}, async () => {
  const bundle = await sharedBundle();
  const progress: string[] = [];
  try {
    const report = await soak({
      ...{ binaries: folder, bundle: bundle.entry, seed, claims: false, services: 200 },
      ...{ seconds: 12, roundSeconds: 12, actsPerSecond: 60, quietSeconds: 2, restSeconds: 40, pace: 0.3 },
      progress: (text) => progress.push(text),
    });
    const timeline = report.timeline.slice(-200).join('\n');
    assert.deepEqual(report.findings, [], timeline);
    assert.deepEqual(notSeen(report), []);
    assert.deepEqual(growth(report.samples), []);
    assert.equal(report.rests, 2, 'it came to rest twice');
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${progress.join('\n')}`, {
      cause: error,
    });
  } finally {
    bundle.remove();
  }
});
