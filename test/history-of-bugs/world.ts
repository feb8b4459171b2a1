import assert from 'node:assert/strict';
import type { Service } from '../../src/core/model/objects.ts';
import type { Body } from '../contract/http.ts';
import { type Assignment, assignmentOf, type ServiceOverrides } from '../e2e/objects.ts';

/** Addresses by `namespace/name`; null: the Service has none. */
export type Addresses = Readonly<Record<string, string | null>>;

/** A cluster in which a story happens, with this controller or the Go version. */
export interface World {
  /** Replaces the ConfigMap, or deletes it if `data` is null. */
  pools(data: Readonly<Record<string, string>> | null): Promise<void>;
  create(key: string, overrides?: ServiceOverrides): Promise<void>;
  /** A JSON merge patch by a user. */
  patch(key: string, patch: object): Promise<void>;
  remove(key: string): Promise<void>;
  /** Writes `status.loadBalancer` as the program `manager`. */
  announce(key: string, manager: string, ingress: readonly object[]): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Fails unless these Services have these addresses in the annotation, once the controller has nothing left to do. */
  expectAddresses(expected: Addresses): Promise<void>;
  /** Fails unless a warning event about the Service matches. */
  expectWarning(key: string, pattern: RegExp): Promise<void>;
  /** Fails unless these fields of the Service have these values; null: absent. */
  expectFields(key: string, expected: Partial<Assignment>): Promise<void>;
  /** Fails unless the ConfigMap exists, or does not exist. */
  expectConfigMap(exists: boolean): Promise<void>;
  /** Fails unless the Service exists, or does not exist. */
  expectService(key: string, exists: boolean): Promise<void>;
  /** A line for each Service: its address, or why it has none. */
  describe(): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}

export function expectFieldsOf(service: Body | Service, expected: Partial<Assignment>): void {
  const all = assignmentOf(service as Body);
  const shown = Object.fromEntries(Object.entries(all).filter(([name]) => name in expected));
  assert.deepEqual(shown, expected);
}
