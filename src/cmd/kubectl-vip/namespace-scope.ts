/** The namespaces that a command covers. */
export interface NamespaceScope {
  /** From `-n`, else the context's, else `default`. */
  readonly namespace: string;
  /** Whether `-n` was specified. */
  readonly isNamed: boolean;
  /** `-A` */
  readonly isAll: boolean;
}
