import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { boundedList, parseAddressList } from '../../src/core/model/address-list.ts';
import { formatRecord, readRecord } from '../../src/core/model/allocation-record.ts';
import { familiesText, portsText, viewOf } from '../../src/core/model/service-view.ts';
import { listed } from './listed.ts';

/** Limits on what one Service can make the controller keep in memory. */

const long = (text: string): string => text.repeat(Math.ceil(250_000 / text.length));
const record = {
  source: 'static',
  addresses: listed('10.0.0.1'),
  ports: 'TCP/80',
  families: 'SingleStack IPv4',
  uid: 'u',
  controller: 'c',
};

test('no text of a Service is kept that is longer than what is parsed', () => {
  for (const text of [long('x'), long('1,'), long('10.0.0.1, '), long(' '), long('\u{1f600}')]) {
    const { annotation, specIP, ...view } = viewOf({
      metadata: {
        name: 'web',
        annotations: {
          'kube-vip.io/loadbalancerIPs': text,
          'kube-vip.io/requestedIP': text,
          'kube-vip.io/serviceInterface': text,
          'kube-vip.io/allocation': formatRecord({ ...record, interface: undefined, ports: text }),
        },
        finalizers: [
          'service.kubernetes.io/load-balancer-cleanup',
          ...Array.from({ length: 99 }, (_, i) => `example.com/${i}`),
        ],
      },
      spec: { type: 'LoadBalancer', loadBalancerIP: text },
      status: {
        loadBalancer: {
          ingress: Array.from({ length: 5000 }, (_, i) => ({ ip: `10.0.${i >> 8}.${i % 256}` })),
        },
      },
    });
    for (const kept of [annotation, specIP, view.requestedIP, view.interface])
      assert.ok((kept ?? '').length <= 5_000, `${kept?.length}`);
    assert.equal(view.record, undefined);
    assert.equal(view.goFinalizers, undefined);
    assert.ok(view.statusIPs.length <= 16);
  }
});

test('a cut text has the same entries and the same fault', () => {
  const part = fc.constantFrom(
    '10.0.0.1',
    '2001:db8::1',
    'web.example.com',
    'x'.repeat(3000),
    ' '.repeat(2000),
    '',
    '1',
    `10.0.0.2${' '.repeat(6000)}`,
    `\n\t${' '.repeat(5000)}10.0.0.3`,
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const text = parts.join(',');
      const [whole, kept] = [parseAddressList(text), parseAddressList(boundedList(text))];
      assert.deepEqual(kept?.entries, whole?.entries);
      assert.equal(kept?.fault?.fault, whole?.fault?.fault);
      assert.ok(boundedList(text).length <= 5_000);
      assert.equal(boundedList(boundedList(text)), boundedList(text));
    }),
  );
});

test('a text of normal length is kept unchanged', () => {
  for (const text of ['', ' 10.0.0.1 ,', '10.0.0.1,2001:db8::1', 'x'.repeat(5_000)])
    assert.equal(boundedList(text), text);
  assert.equal(boundedList(undefined), undefined);
});

test('the allocation record of a Service with thousands of ports is short and can be read', () => {
  const view = viewOf({
    metadata: { name: 'web', uid: 'u' },
    spec: {
      type: 'LoadBalancer',
      ipFamilies: ['IPv4'],
      ports: Array.from({ length: 9_000 }, (_, i) => ({ port: i + 1 })),
    },
  });
  const written = { ...record, interface: undefined, ports: portsText(view), families: familiesText(view) };
  const text = formatRecord(written);
  assert.ok(text.length < 6_000);
  assert.deepEqual(readRecord(text), written);
});

test('a field of a later version in the allocation record is ignored', () => {
  const fields = JSON.parse(formatRecord({ ...record, interface: undefined })) as object;
  const later = JSON.stringify({ ...fields, later: { of: ['any', 'type'] } });
  assert.deepEqual(readRecord(later), { ...record, interface: undefined });
});

test('an allocation record with an invalid source is ignored', () => {
  for (const source of ['', 'a b', '\u001b[2J', 'x'.repeat(81), 'CIDR-x', 'cidr-x\n'])
    assert.equal(readRecord(formatRecord({ ...record, interface: undefined, source })), undefined, source);
  for (const source of ['static', 'unknown', 'range-global', `cidr-${'n'.repeat(63)}`])
    assert.equal(readRecord(formatRecord({ ...record, interface: undefined, source }))?.source, source);
  for (const change of [
    { uid: long('x') },
    { controller: long('x') },
    { families: long('x') },
    { interface: long('x') },
  ])
    assert.equal(readRecord(formatRecord({ ...record, interface: undefined, ...change })), undefined);
});
