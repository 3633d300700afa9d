import { createRequire } from 'node:module';

/** Missing in the library's list: German ones, and some that it leaves to rules of its own. */
const MISSING: readonly string[] = [
  '00000000',
  '12121212',
  '12341234',
  '123123123',
  '87654321',
  '88888888',
  '987654321',
  'geheim123',
  'hallo1234',
  'passwort123',
  'qwertz123',
  'qwertzui',
  'qwertzuiop',
];

let common: ReadonlySet<string> | undefined;

/**
 * Whether a password is among the 18 000 that guessers try first, of at least eight characters; shorter ones are refused anyway.
 * @param lower the password in lower case
 */
export function isCommonPassword(lower: string): boolean {
  common ??= new Set([...commonInTheWorld(), ...MISSING]);
  return common.has(lower);
}

/** Unpacked at the first password that is chosen, which few processes ever see: 70 ms and 10 MB. */
function commonInTheWorld(): string[] {
  const require = createRequire(import.meta.url);
  const { dictionary } = require('@zxcvbn-ts/language-common') as typeof import('@zxcvbn-ts/language-common');
  return dictionary['passwords-common'].filter((password) => password.length >= 8);
}

/** Words that guessers dress up with digits and signs, in German and English, and those of this product. */
export const COMMON_WORDS: readonly string[] = (
  'abc admin administrator alexander amanda andrea andrew angel anthony apple arschloch arsenal asdf ashley ' +
  'august austin autumn baby bailey balkon balkonkraftwerk banana baseball basketball batman bayern berlin ' +
  'blabla boomer borussia brandon buster butterfly changeme charlie cheese chelsea chester chocolate ' +
  'christian computer cookie corvette dallas daniel default demo deutschland deye deyehard diamond dortmund ' +
  'dragon edward einfach eintracht elephant enter fenster ferrari flower football frankfurt freedom ' +
  'freiheit freund fruehling fussball ganymed geheim george ginger guest guitar hallo hamburg hamster ' +
  'hannah harley heather hello herbst herzchen hockey home house hunter hurensohn iloveyou internet ' +
  'inverter jennifer jessica johnny jordan joshua julian kennwort killer klaus koeln lasdas letmein liebe ' +
  'london lovely loveme lucky maggie magic marina martin master matrix matthew maxwell melanie mercedes ' +
  'merlin michael michelle mickey monkey monster morgan mother mueller muenchen mustang mutter nadine ' +
  'nathan nicole ninja nothing oliver orange parola passw passwd password passwort patrick peanut pepper ' +
  'pepsi philipp phoenix photovoltaik pikachu please pokemon princess prinzessin purple qwer qwert qwertz ' +
  'rainbow ranger robert root sabine samantha sandra schalke schatz schatzi schmidt schneider schule ' +
  'schweiz secret server shadow silver simone single slayer snoopy soccer solar solaranlage solarman sommer ' +
  'sonne sonnenblume sophie spider spring standard starwars stefan stephanie steven strawberry strom summer ' +
  'sunflower sunshine superman support taylor tennis test testen tester teufel thomas tiger tigger truelove ' +
  'trustno uwe vanessa vater vfb victoria victron wechselrichter welcome welt werder whatever william ' +
  'willkommen winter wizard yankees yellow zuhause'
).split(' ');
