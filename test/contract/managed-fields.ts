import assert from 'node:assert/strict';
import { loadBalancer, type Rule } from './world.ts';

export function managedFields(rule: Rule): void {
  const annotation = 'f:kube-vip.io/loadbalancerIPs';
  const value = (text: string): unknown => ({
    metadata: { annotations: { 'kube-vip.io/loadbalancerIPs': text } },
  });

  rule(
    'managedFields contains the last writer of a field: fieldManager, else the first word of User-Agent',
    async (world) => {
      await world.create('services', loadBalancer('a'));
      const owners = async (): Promise<(string | undefined)[]> => {
        const { metadata } = await world.read('services/a');
        const entries = metadata.managedFields ?? [];
        return entries
          .filter(({ fieldsV1 }) => JSON.stringify(fieldsV1).includes(`"${annotation}":{}`))
          .map(({ manager }) => manager);
      };
      await world.patch(world.at('services/a'), value('192.0.2.1'), { 'user-agent': 'first/1.0 (x)' });
      assert.deepEqual(await owners(), ['first']);
      await world.patch(`${world.at('services/a')}?fieldManager=second`, value('192.0.2.2'));
      assert.deepEqual(await owners(), ['second']);
      await world.patch(`${world.at('services/a')}?fieldManager=third`, value('192.0.2.2'));
      assert.deepEqual(await owners(), ['second']);
      await world.patch(world.at('services/a'), { metadata: { annotations: null } });
      assert.deepEqual(await owners(), []);
    },
  );

  rule('an entry of managedFields has an operation, a time, and the path of each field', async (world) => {
    await world.create('services', loadBalancer('a'));
    await world.patch(`${world.at('services/a')}?fieldManager=writer`, {
      ...(value('192.0.2.1') as object),
      spec: { loadBalancerIP: '192.0.2.1' },
    });
    const { metadata } = await world.read('services/a');
    const entry = metadata.managedFields?.find(({ manager }) => manager === 'writer');
    assert.equal(entry?.operation, 'Update');
    assert.match(entry?.time ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.partialDeepStrictEqual(entry?.fieldsV1, {
      'f:metadata': { 'f:annotations': { [annotation]: {} } },
      'f:spec': { 'f:loadBalancerIP': {} },
    });
  });
}
