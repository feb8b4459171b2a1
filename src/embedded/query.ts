import { fieldSelector, labelSelector, type Selector } from './selector.ts';
import { badRequest, forbidden, invalid, notOffered, StatusError } from './status.ts';

/** meta/v1 ListOptions, for list and watch. */
export interface ListOptions {
  selectsFields: Selector;
  selectsLabels: Selector;
  /** A selector is set. */
  filtered: boolean;
  limit: number;
  continueToken: string;
  resourceVersion: string;
  watch: boolean;
  bookmarks: boolean;
  sendInitialEvents: boolean;
  timeoutSeconds: number;
}

export function readListOptions(query: URLSearchParams, selectable: readonly string[]): ListOptions {
  const fields = query.get('fieldSelector') ?? '';
  const labels = query.get('labelSelector') ?? '';
  const options: ListOptions = {
    selectsFields: fieldSelector(fields, selectable),
    selectsLabels: labelSelector(labels),
    filtered: fields !== '' || labels !== '',
    limit: readInteger(query, 'limit'),
    continueToken: query.get('continue') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    watch: readBoolean(query, 'watch'),
    bookmarks: readBoolean(query, 'allowWatchBookmarks'),
    sendInitialEvents: readBoolean(query, 'sendInitialEvents'),
    timeoutSeconds: readInteger(query, 'timeoutSeconds'),
  };
  if (!/^\d*$/.test(options.resourceVersion)) {
    const value = JSON.stringify(options.resourceVersion);
    const why = `resourceVersion: Invalid value: ${value}: strconv.ParseUint: parsing ${value}: invalid syntax`;
    throw badRequest(`invalid resource version: ${why}`);
  }
  checkMatch(query.get('resourceVersionMatch') ?? '', options);
  return options;
}

/** apimachinery's pkg/apis/internalversion/validation, ValidateListOptions. */
function checkMatch(
  match: string,
  { watch, sendInitialEvents, continueToken, resourceVersion }: ListOptions,
): void {
  const matchError = (why: string): StatusError =>
    invalid('ListOptions', 'meta.k8s.io', '', [forbidden('resourceVersionMatch', why)]);
  if (continueToken !== '' && resourceVersion !== '' && resourceVersion !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  if (sendInitialEvents && watch && match !== 'NotOlderThan') {
    throw matchError('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
  if (match === '') return;
  if (watch && !sendInitialEvents) {
    throw matchError('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
  }
  if (match !== 'NotOlderThan') throw notOffered(`resourceVersionMatch=${match}`);
}

/** Throws for a future revision. The real server first waits three seconds for it. */
export function requireReached(resourceVersion: string, revision: number): void {
  if (resourceVersion === '' || Number(resourceVersion) <= revision) return;
  const message = `Timeout: Too large resource version: ${resourceVersion}, current: ${revision}`;
  const cause = { reason: 'ResourceVersionTooLarge', message: 'Too large resource version' };
  throw new StatusError(504, 'Timeout', message, { causes: [cause], retryAfterSeconds: 1 });
}

function readInteger(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  if (!/^-?\d*$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return Number(text);
}

/** apimachinery's pkg/runtime/conversion.go: a parameter without a value is true. */
function readBoolean(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  return text !== null && text !== 'false' && text !== '0';
}
