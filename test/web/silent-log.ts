import type { Log } from '../../src/kube/log.ts';

export const silentLog: Log = { info() {}, warn() {}, error() {} };
