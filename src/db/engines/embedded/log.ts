/** What is needed of a logger; pino's fits. */
export interface Log {
  info(details: object, message?: string): void;
  warn(details: object, message?: string): void;
}
