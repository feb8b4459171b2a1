import type { Body } from '../contract/http.ts';
import { names } from '../e2e/objects.ts';

/**
 * Compares labels, annotations, finalizers, spec and status of a Service. Returns a line for each difference, sorted:
 * `+ spec.loadBalancerIP: 10.0.0.1`, `- finalizers: …`, `~ spec.type: … -> …`. An allocation record is reduced to its
 * source and addresses.
 */
export function differences(before: Body, after: Body): string[] {
  const [old, now] = [leavesOf(before), leavesOf(after)];
  const lines: string[] = [];
  for (const [path, value] of old) {
    const next = now.get(path);
    if (next === undefined) lines.push(`- ${path}: ${value}`);
    else if (next !== value) lines.push(`~ ${path}: ${value} -> ${next}`);
  }
  for (const [path, value] of now) if (!old.has(path)) lines.push(`+ ${path}: ${value}`);
  return lines.sort();
}

function leavesOf({ metadata, spec, status }: Body): Map<string, string> {
  const { labels, annotations, finalizers } = metadata;
  const leaves = new Map<string, string>();
  collect({ labels, annotations, finalizers, spec, status }, '', leaves);
  return leaves;
}

function collect(value: unknown, path: string, into: Map<string, string>): void {
  if (value === undefined) return;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [name, inner] of Object.entries(value))
      collect(inner, path === '' ? name : `${path}.${name}`, into);
    return;
  }
  const text = Array.isArray(value) ? value.map(textOf).join(' ') : textOf(value);
  into.set(path, path.endsWith(names.record) ? recordText(text) : text);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function recordText(text: string): string {
  const { from, ips } = JSON.parse(text) as { from: string; ips: string };
  return `${from} ${ips}`;
}
