/**
 * Condition that belongs to every query of api.ac_sample or api.dc_sample over a range of time: the UTC days the range touches. Samples of
 * cold weeks lie packed by inverter and day, and only `day` finds those packed days; by `ts` alone all of an inverter's would be unpacked.
 * @param from SQL of the first moment, such as `$3`
 * @param to SQL of the last one; it may be excluded by the query's own condition
 */
export function utcDays(from: string, to: string = from): string {
  return `day >= (${from}::timestamptz AT TIME ZONE 'UTC')::date AND day <= (${to}::timestamptz AT TIME ZONE 'UTC')::date`;
}
