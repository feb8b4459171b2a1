import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createSandbox } from '../../src/cmd/sandbox/sandbox.ts';
import { sandboxRequest } from '../../src/cmd/sandbox/sandbox-arguments.ts';
import { annotations } from '../../src/core/model/well-known-names.ts';
import { readManifests } from '../../src/manifest/manifests.ts';
import { createMemoryLog } from '../client/memory-log.ts';
import { examples } from './expected.ts';

const folder = new URL('../../examples/', import.meta.url);

test('the table contains exactly the files in examples/', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  assert.deepEqual(files.sort(), Object.keys(examples).sort());
});

for (const [file, { env, services, problems }] of Object.entries(examples)) {
  test(`examples/${file} has the expected result`, async () => {
    const request = sandboxRequest([], env);
    assert.ok(request.kind === 'run');
    const { options } = request;
    const text = { name: file, text: readFileSync(new URL(file, folder), 'utf8') };
    const { objects, remarks, errors } = readManifests([text], { configMap: options.configMap });
    assert.deepEqual({ remarks, errors }, { remarks: [], errors: [] }, 'an example has no errors');
    const log = createMemoryLog();
    const sandbox = await createSandbox({
      objects,
      options,
      log,
      version: 'test',
      onUpdate() {},
      onRejected: (object, why) => assert.fail(`${object.metadata.name}: ${why}`),
    });
    try {
      await sandbox.settled();
      const { services: rows, problems: reported } = sandbox.report();
      const keys = rows.map(({ namespace, name }) => `${namespace}/${name}`);
      assert.deepEqual(keys, Object.keys(services).sort());
      for (const row of rows) {
        const key = `${row.namespace}/${row.name}`;
        const expected = services[key];
        const service = sandbox
          .services()
          .find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === key);
        const { metadata, spec } = service ?? assert.fail(key);
        const written = metadata.annotations?.[annotations.addresses];
        assert.equal(row.state, expected?.state, `${key}: ${row.condition}`);
        assert.equal(metadata.labels?.implementation, row.state === 'Assigned' ? 'kube-vip' : undefined, key);
        switch (expected?.state) {
          case 'Assigned':
            assert.deepEqual(
              {
                state: row.state,
                addresses: written,
                specIP: spec?.loadBalancerIP ?? null,
                from: row.from,
                interface: metadata.annotations?.[annotations.interface] ?? null,
              },
              expected,
              key,
            );
            break;
          case 'Pending':
            assert.equal(written, undefined, key);
            assert.match(row.condition, expected.reason);
            break;
          case 'Conflict':
            assert.equal(row.addresses.join(), expected.addresses, key);
            assert.match(row.condition, expected.reason);
            break;
        }
      }
      assert.equal(reported.length, problems.length, reported.join('\n'));
      for (const problem of problems)
        assert.ok(
          reported.some((sentence) => problem.test(sentence)),
          String(problem),
        );
      assert.deepEqual(
        log.lines.filter((line) => line.startsWith('error')),
        [],
      );
    } finally {
      await sandbox.close();
    }
  });
}
