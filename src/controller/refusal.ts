import { ApiError } from '../client/errors.ts';

/** Why the API server refuses a write, in the words of its answer. */
export interface Refusal {
  readonly kind: RefusalKind;
  /**
   * What refuses it, the same text for each write that is refused for the same reason: the missing permission, or the policy or
   * webhook.
   */
  readonly by: string;
}

/**
 * `permission`: authorization denies the request. `admission`: an admission policy, webhook or plugin denies it, or a webhook
 * cannot be called. `other`: the object is invalid, for example.
 */
export type RefusalKind = 'permission' | 'admission' | 'other';

/**
 * Admission answers before anything is stored, with any status code that a policy or webhook chooses. The texts are those of
 * apiserver's admission plugins, policies (plugin/policy/validating) and webhooks (plugin/webhook/errors, util/webhook).
 * Authorization answers `… is forbidden: User "…" cannot patch resource …` (handlers/responsewriters).
 */
const admissionTexts: readonly RegExp[] = [
  /^(admission webhook "[^"]+") denied the request/,
  /^Internal error occurred: failed calling (webhook "[^"]+")/,
  / is forbidden: (ValidatingAdmissionPolicy '[^']+')/,
  / is forbidden: (?!User ")([^:]+)/,
];

/** Reads the answer to a refused write. test/e2e/admission-denials.test.ts compares this with kube-apiserver. */
export function refusalOf(error: ApiError): Refusal {
  const { status, reason, detail } = error;
  for (const text of admissionTexts) {
    const by = text.exec(detail)?.[1];
    if (by !== undefined) return { kind: 'admission', by };
  }
  const permission = status === 403 ? / is forbidden: (User ".*)$/s.exec(detail)?.[1] : undefined;
  if (permission !== undefined) return { kind: 'permission', by: permission };
  return { kind: 'other', by: `${status} ${reason}` };
}

/** The reason of a refusal that may end without a change of the Service, and then ends for others too; undefined if it cannot. */
export function reasonToWaitFor(error: ApiError): string | undefined {
  const { kind, by } = refusalOf(error);
  return kind === 'other' ? undefined : by;
}

/** Whether admission denies the request: it was certainly not executed. */
export function isDeniedByAdmission(error: unknown): boolean {
  return error instanceof ApiError && refusalOf(error).kind === 'admission';
}
