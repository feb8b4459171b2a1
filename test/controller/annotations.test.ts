import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Harness } from './harness.ts';

const annotate = (annotations: Record<string, string | null>) => ({ metadata: { annotations } });

test('a misspelled or foreign annotation has one event for each Service and value', async () => {
  const harness = new Harness();
  harness.pools({ 'range-global': '10.0.0.1-10.0.0.9' });
  harness.start();
  await harness.create('default/web', annotate({ 'kube-vip.io/loadBalancerIPs': '10.0.0.7' }));
  await harness.settled();
  const reported = (): string[] =>
    harness
      .events()
      .filter((event) => event.includes('Annotation '))
      .map((event) => event.replace(/: Annotation (\S+): .* name\. /, ' $1 '));
  const misspelled =
    'Warning MisspelledAnnotation default/web kube-vip.io/loadBalancerIPs Write kube-vip.io/loadbalancerIPs.';
  assert.deepEqual(reported(), [misspelled]);
  // The Service is served all the same.
  assert.equal(harness.address('default/web'), '10.0.0.1');
  await harness.patch('default/web', { metadata: { labels: { touched: 'true' } } });
  await harness.settled();
  assert.deepEqual(reported(), [misspelled]);
  await harness.patch('default/web', annotate({ 'kube-vip.io/loadBalancerIPs': '10.0.0.8' }));
  await harness.settled();
  assert.deepEqual(reported(), [misspelled, misspelled]);
  await harness.patch('default/web', annotate({ 'metallb.io/address-pool': 'lan' }));
  await harness.settled();
  assert.deepEqual(reported().slice(2), [
    'Normal UnreadAnnotation default/web metallb.io/address-pool It belongs to MetalLB. The pool of a Service is that of its namespace.',
  ]);
  await harness.create('default/theirs', {
    ...annotate({ 'metallb.io/address-pool': 'lan' }),
    spec: { loadBalancerClass: 'metallb.io/metallb' },
  });
  await harness.settled();
  assert.equal(reported().length, 3);
  await harness.stop();
});
