import { ciliumBugs } from './cilium.ts';
import { goVersionBugs } from './go-version.ts';
import { kubeVipBugs } from './kube-vip.ts';
import { metallbBugs } from './metallb.ts';
import { otherBugs } from './others.ts';
import type { PublishedBug } from './published-bug.ts';

/** Published bugs of programs with the same task, each with a story that shows the outcome here. */
export const publishedBugs: readonly PublishedBug[] = [
  ...ciliumBugs,
  ...metallbBugs,
  ...kubeVipBugs,
  ...goVersionBugs,
  ...otherBugs,
];
