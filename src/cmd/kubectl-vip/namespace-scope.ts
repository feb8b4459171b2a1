/** The namespaces that a question is about. */
export interface NamespaceScope {
  /** By `-n`, else the context's, else `default`. */
  readonly namespace: string;
  /** It was named by `-n`. */
  readonly isNamed: boolean;
  /** `-A` */
  readonly isAll: boolean;
}
