import { describe, expect, test } from 'vitest';
import { type ArduinoJson, arduinoNumber } from './arduino-number.ts';

describe('numbers as ArduinoJson prints them', () => {
  // From devices §1.3 and §2.1: captures and the push format's own examples
  test.each<[number, number, ArduinoJson, string]>([
    [17, 1, 'short', '17'],
    [17.04, 1, 'short', '17'],
    [0, 1, 'noisy', '0'],
    [444.671, 3, 'short', '444.671'],
    [(3.4 / 220) * 100, 6, 'short', '1.545455'],
    [834.261, 3, 'noisy', '834.2609863'],
    [31.8, 1, 'noisy', '31.79999924'],
    [12.1, 1, 'noisy', '12.10000038'],
    [12_345.678, 3, 'short', '12345.68'],
    [9_999.999, 3, 'short', '9999.999'],
    [65_535, 0, 'noisy', '65535'],
    [10, 1, 'noisy', '10'],
    [0.617, 3, 'short', '0.617'],
  ])('%d with %d digits, %s', (value, digits, printer, text) => {
    expect(JSON.stringify(arduinoNumber(value, digits, printer))).toBe(text);
  });
});
