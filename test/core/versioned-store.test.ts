import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VersionedStore } from '../../src/core/model/versioned-store.ts';

interface Item {
  readonly name: string;
  readonly resourceVersion: string;
  readonly uid: string;
}

function item(name: string, resourceVersion: string, uid = name): Item {
  return { name, resourceVersion, uid };
}

/** A store with one object of version 100, after a list of this version. */
function storeOf(listed: string): { store: VersionedStore<string, Item>; changes: string[] } {
  const changes: string[] = [];
  const items = new Map<string, Item>();
  const store = new VersionedStore<string, Item>({
    items,
    keyOf: ({ name }) => name,
    change({ key, before, after, resourceVersion }) {
      if (after === undefined) items.delete(key);
      else items.set(key, after);
      changes.push(
        `${key}: ${before?.resourceVersion ?? 'none'} → ${after?.resourceVersion ?? 'none'} at ${resourceVersion}`,
      );
    },
  });
  store.replace([item('a', '100')], listed);
  changes.length = 0;
  return { store, changes };
}

const rows: [string, (store: VersionedStore<string, Item>) => void, string[]][] = [
  ['a newer state applies', (store) => store.put(item('a', '101')), ['a: 100 → 101 at 101']],
  ['a new object is added', (store) => store.put(item('b', '90')), ['b: none → 90 at 90']],
  ['the same state is no change', (store) => store.put(item('a', '100')), []],
  ['an older state is ignored', (store) => store.put(item('a', '99')), []],
  ['an older state is ignored, also of another UID', (store) => store.put(item('a', '99', 'x')), []],
  ['versions are numbers of any length', (store) => store.put(item('a', '1000')), ['a: 100 → 1000 at 1000']],
  ['a deletion applies', (store) => store.delete('a', '150'), ['a: 100 → none at 150']],
  ['a deletion of an older state is ignored', (store) => store.delete('a', '99'), []],
  ['a deletion of an unknown object is no change', (store) => store.delete('b', '150'), []],
  ['an object missing from a list is gone', (store) => store.replace([], '300'), ['a: 100 → none at 300']],
  [
    'a list updates, adds, and keeps',
    (store) => {
      store.put(item('c', '150'));
      store.replace([item('a', '160'), item('b', '170'), item('c', '150')], '300');
    },
    ['c: none → 150 at 150', 'a: 100 → 160 at 160', 'b: none → 170 at 170'],
  ],
  [
    'a response that is newer than a list stays',
    (store) => {
      store.put(item('a', '290'));
      store.replace([item('a', '100')], '250');
    },
    ['a: 100 → 290 at 290'],
  ],
  [
    'an object of another UID in a list applies, also if it is older than the response to a write',
    (store) => {
      store.put(item('a', '290'));
      store.replace([item('a', '240', 'x')], '250');
    },
    ['a: 100 → 290 at 290', 'a: 290 → 240 at 240'],
  ],
  [
    'a list that is older than earlier reports comes from a restored etcd: all of it applies',
    (store) => {
      store.put(item('a', '190'));
      store.replace([item('a', '190')], '195');
    },
    ['a: 100 → 190 at 190', 'a: 190 → 190 at 190'],
  ],
  [
    'a restored etcd may have newer versions already: an older state in its list applies',
    (store) => {
      store.put(item('a', '190'));
      store.replace([item('a', '100')], '300');
    },
    ['a: 100 → 190 at 190', 'a: 190 → 100 at 100'],
  ],
  [
    'after a response said that it is gone, a watch that is behind may still show it: that is ignored',
    (store) => {
      store.put(item('a', '120'));
      store.gone('a', '120');
      store.put(item('a', '110'));
      store.put(item('a', '120'));
      store.delete('a', '125');
    },
    ['a: 100 → 120 at 120', 'a: 120 → none at 120'],
  ],
  [
    'the same for a list that was requested before',
    (store) => {
      store.put(item('a', '220'));
      store.gone('a', '220');
      store.replace([item('a', '100')], '210');
      store.put(item('a', '220'));
      store.replace([item('a', '220')], '225');
    },
    ['a: 100 → 220 at 220', 'a: 220 → none at 220'],
  ],
  [
    'after that list, another one that shows it comes from a restored etcd',
    (store) => {
      store.gone('a', '100');
      store.replace([item('a', '100')], '225');
      store.replace([item('a', '100')], '230');
    },
    ['a: 100 → none at 100', 'a: none → 100 at 100'],
  ],
  [
    'an object that is created again after a response said that it is gone is added',
    (store) => {
      store.gone('a', '100');
      store.put(item('a', '230', 'x'));
      store.put(item('a', '231', 'x'));
    },
    ['a: 100 → none at 100', 'a: none → 230 at 230', 'a: 230 → 231 at 231'],
  ],
  [
    'a response that an older state is gone is ignored',
    (store) => {
      store.gone('a', '99');
      store.put(item('a', '101'));
    },
    ['a: 100 → 101 at 101'],
  ],
  [
    'after etcd was restored, an object that was gone may be there again',
    (store) => {
      store.gone('a', '100');
      store.replace([item('a', '100')], '150');
    },
    ['a: 100 → none at 100', 'a: none → 100 at 100'],
  ],
  [
    'a watch that shows the deletion of an earlier object of that name says nothing about the later one',
    (store) => {
      store.put(item('a', '120', 'x'));
      store.gone('a', '120');
      store.delete('a', '110');
      store.put(item('a', '120', 'x'));
    },
    ['a: 100 → 120 at 120', 'a: 120 → none at 120'],
  ],
];

for (const [what, report, expected] of rows) {
  test(what, () => {
    const { store, changes } = storeOf('200');
    report(store);
    assert.deepEqual(changes, expected);
  });
}

test('what is known follows lists and bookmarks, and goes back when etcd is restored', () => {
  const { store } = storeOf('200');
  const known = () => ['200', '201', '300'].map((version) => store.isKnownUpTo(version));
  assert.deepEqual(known(), [true, false, false]);
  assert.equal(store.observed('199'), false);
  assert.equal(store.observed('300'), true);
  assert.equal(store.observed('300'), false);
  assert.deepEqual(known(), [true, true, true]);
  // A response to a write says nothing about other objects.
  store.put(item('a', '400'));
  assert.equal(store.isKnownUpTo('301'), false);
  assert.equal(store.replace([], '350'), false);
  assert.equal(store.replace([], '250'), true);
  assert.deepEqual(known(), [true, true, false]);
});
