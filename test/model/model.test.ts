import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { hasAlloy, holds } from './alloy.ts';
import { traceOf } from './trace.ts';
import { tracePlan } from './trace-plan.ts';

test('a run of the simulator becomes a module: the next leader completes a write that was only claimed', async () => {
  const text = await traceOf(tracePlan(1, true));
  // The leaderships of the claim and of the write, for one Service and address.
  assert.match(text, /W2\.by = Leadership0\n {2}W2\.claims = Address1\n {2}W2\.of = Service1/);
  assert.match(
    text,
    /W4\.by = Leadership1\n {2}W4\.of = Service1\n {2}W4\.on = Version0\n {2}W4\.gives = Address1/,
  );
  // The next leader relies on no reservation but its own, and keeps the other one.
  assert.match(text, /W3\.by = Leadership1\n {2}W3\.claims = Address1\n {2}W3\.of = Service1/);
  assert.match(text, /W3\.was = W2\n {2}W3\.keeps = W2/);
  assert.match(text, /claim = Address0 -> W0 \+ Address1 -> W3/);
  assert.match(
    text,
    /^run trace for 2 Version, 2 Address, 3 Service, 2 Leadership, 2 Write, 3 ClaimWrite, 0 Deletion, /m,
  );
});

test('a PATCH that admission denies is no longer sent, and the next one is another request', async () => {
  const text = await traceOf(tracePlan(4, true));
  const sent = [...text.matchAll(/ Sent = ([^=]+) and SentClaim/g)].map(([, names]) => names);
  const denied = sent.findIndex((names, i) => names === 'none' && sent[i - 1] !== 'none' && i > 0);
  assert.notEqual(denied, -1);
  assert.ok(!sent.slice(denied).some((names) => names?.includes(sent[denied - 1] ?? '')));
});

test('the model accepts a run without claims, and does not take it for one with claims', {
  skip: !hasAlloy() && 'needs Alloy: `npm run model` downloads it',
}, async () => {
  const folder = temporaryFolder('kvcp-model-test-');
  try {
    copyFileSync(join(import.meta.dirname, 'claims.als'), join(folder.path, 'claims.als'));
    const file = join(folder.path, 'trace.als');
    const out = join(folder.path, 'out');
    const text = await traceOf(tracePlan(1, false));
    writeFileSync(file, text);
    assert.equal(holds(file, 'trace', out), true);
    writeFileSync(file, text.replace('Protocol.variants = NoClaims', 'no Protocol.variants'));
    assert.equal(holds(file, 'trace', out), false);
  } finally {
    folder.remove();
  }
});
