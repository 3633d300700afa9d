/** For what runs beside a request: a failure there must fail the test run, not vanish. */
export function failLoudly(error: unknown): never {
  throw error;
}
