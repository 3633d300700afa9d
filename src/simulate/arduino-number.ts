/**
 * Numbers as ArduinoJson prints them, because decoders have to live with them (devices §1.3). Both printers work on float32 and spend
 * their digits on the whole part first: `ArduinoJson 7` has about seven, so 444.671 stays itself and 12345.678 loses a digit; older
 * firmware has ten and prints the noise of the float, 834.2609863.
 */
export type ArduinoJson = 'short' | 'noisy';

const DECIMALS: Record<ArduinoJson, number> = { short: 6, noisy: 9 };

/**
 * The number that `JSON.stringify` prints with exactly the firmware's digits. `digits` are those the firmware rounds to before, as the
 * protocol has them. For 0 and magnitudes from 1e-5 to below 1e7; beyond them ArduinoJson writes exponents, which no value here needs.
 */
export function arduinoNumber(value: number, digits: number, printer: ArduinoJson): number {
  const float = Math.fround(Number(value.toFixed(digits)));
  const whole = Math.floor(Math.abs(float));
  // One decimal less for each digit of the whole part after the first
  const decimals = DECIMALS[printer] - (whole < 10 ? 0 : Math.floor(Math.log10(whole) + 1e-12));
  return Number(float.toFixed(decimals));
}
