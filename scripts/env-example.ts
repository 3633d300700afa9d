/** Prints .env.example from the variables themselves, so that the file cannot miss one: `npm run --silent env-example > .env.example`. */
import { loadConfig } from '../src/config.ts';

const lines = ['# Every setting, with its default. Copy to .env and change what you need.', ''];
for (const v of loadConfig({}, '/nonexistent').variables) {
  const note = v.literal || v.value === null ? '' : ` (default: ${v.value})`;
  lines.push(`# ${v.meaning}${note}`, `#${v.name}=${v.literal ? (v.value ?? '') : ''}`, '');
}
console.log(lines.join('\n').trimEnd());
