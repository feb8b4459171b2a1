import { ciliumBugs } from './cilium.ts';
import { goVersionBugs } from './go-bugs.ts';
import { kubeVipBugs } from './kube-vip.ts';
import { metallbBugs } from './metallb.ts';
import { otherBugs } from './others.ts';
import type { PublishedBug } from './published-bug.ts';

/** Published bugs of programs with the same task, each with a story that shows the outcome here. */
export const chapters: readonly { readonly title: string; readonly bugs: readonly PublishedBug[] }[] = [
  { title: 'Cilium', bugs: ciliumBugs },
  { title: 'MetalLB', bugs: metallbBugs },
  { title: 'kube-vip and its cloud provider', bugs: kubeVipBugs },
  { title: 'The Go version today', bugs: goVersionBugs },
  { title: 'Others', bugs: otherBugs },
];

export const publishedBugs = chapters.flatMap(({ bugs }) => bugs);
