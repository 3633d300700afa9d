/** The passwords that guessers try first, of at least eight characters and in lower case; shorter ones are refused anyway. */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set([
  '00000000',
  '11111111',
  '12121212',
  '12341234',
  '12345678',
  '123456789',
  '1234567890',
  '11223344',
  '123123123',
  '147258369',
  '1q2w3e4r',
  '1q2w3e4r5t',
  '1qaz2wsx',
  '87654321',
  '88888888',
  '987654321',
  'abc12345',
  'abcd1234',
  'administrator',
  'arschloch',
  'asdfasdf',
  'asdfghjk',
  'asdfghjkl',
  'baseball',
  'changeme',
  'computer',
  'football',
  'geheim123',
  'hallo123',
  'hallo1234',
  'iloveyou',
  'jennifer',
  'letmein1',
  'michelle',
  'password',
  'password1',
  'password12',
  'password123',
  'passwort',
  'passwort1',
  'passwort123',
  'princess',
  'q1w2e3r4',
  'qazwsxedc',
  'qwer1234',
  'qwertyui',
  'qwertyuiop',
  'qwertz123',
  'qwertzui',
  'qwertzuiop',
  'schalke04',
  'starwars',
  'sunshine',
  'superman',
  'test1234',
  'trustno1',
  'welcome1',
  'whatever',
  'zaq12wsx',
]);

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
