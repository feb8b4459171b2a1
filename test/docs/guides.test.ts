/** The guides are complete, and say what a test follows. test/kube-vip/guides.test.ts and test/install/guides.test.ts follow them. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { kubeVipVersion } from '../kube-vip/manifest.ts';
import { root, sectionsOf } from './document.ts';
import { followedSteps, stepsOf, whatWasRun } from './guide-steps.ts';

const guides = globSync('docs/guides/*.md', { cwd: root }).filter((path) => basename(path) !== 'README.md');
const airGap = 'docs/guides/air-gap.md';
const clusters = guides.filter((path) => path !== airGap);

const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The text of a section, without the targets of links inside the page. */
function sectionText(path: string, title: string): string | undefined {
  const section = textOf(path)
    .split(/^## /m)
    .find((text) => text.startsWith(`${title}\n`));
  return section?.replaceAll(/\]\(#[^)]*\)/g, ']');
}

test('each guide says for each of its steps whether a test follows it', () => {
  assert.deepEqual(guides.map((path) => basename(path, '.md')).sort(), [
    'air-gap',
    'k3s',
    'kubeadm',
    'rke2',
    'talos',
  ]);
  for (const path of guides) {
    const others = ['', 'Before you begin', 'If it does not work', whatWasRun];
    const titles = sectionsOf(path).map(({ title }) => title);
    const steps = titles.filter((title) => !others.includes(title));
    assert.deepEqual([...stepsOf(path).keys()], steps, path);
  }
});

test('the steps that a test follows are the same in the guides of all clusters', () => {
  const [first = '', ...others] = clusters;
  const steps = followedSteps(first);
  assert.ok(steps.length >= 4);
  for (const path of others) {
    assert.deepEqual(followedSteps(path), steps, path);
    for (const step of steps)
      assert.equal(sectionText(path, step), sectionText(first, step), `${path}: ${step}`);
  }
});

test('each guide installs kube-vip, creates a Service, and ends with its address and curl', () => {
  for (const path of guides) {
    const commands = sectionsOf(path)
      .flatMap(({ parts }) => parts)
      .flatMap((part) => (part.kind === 'block' ? [part.text] : []))
      .join('');
    const steps = [
      /kubectl apply .*(?:kube-vip\.yaml|-k overlay)$/m,
      /kubectl expose deployment web/,
      /kubectl get service web/,
    ];
    const positions = [...steps, /^curl http:\/\/192\.168\.0\.201$/m].map((step) => commands.search(step));
    assert.ok(!positions.includes(-1), `${path}: ${positions}`);
    assert.deepEqual(
      positions,
      positions.toSorted((a, b) => a - b),
      path,
    );
  }
});

test('versions of images are those of the manifests, and of the kube-vip that the tests run', () => {
  const [, ours = ''] =
    /kube-vip-cloud-provider:(v\S+)/.exec(textOf('manifest/kube-vip-cloud-controller.yaml')) ?? [];
  const documents = [...guides, 'docs/guides/README.md', 'docs/get-started.md', 'docs/compatibility.md'];
  for (const path of documents) {
    const text = textOf(path);
    for (const [, version] of text.matchAll(/kube-vip-cloud-provider:(v[\d.]+\d)/g))
      assert.equal(version, ours, path);
    for (const [, version] of text.matchAll(/kube-vip(?::| version | )(v?\d+\.\d+\.\d+)/g))
      assert.equal(version, kubeVipVersion(), path);
  }
});
