import type { mailEn } from './mail.en.ts';

/** The words that leave the pages: mails and what a takeout says of itself, in German. */
export const mailDe: typeof mailEn = {
  mail: {
    link: 'Falls die Schaltfläche nicht funktioniert, öffnen Sie diese Adresse:',
    hours: (hours) => (hours === 1 ? 'Der Link gilt eine Stunde.' : `Der Link gilt ${hours} Stunden.`),
    footer: (server) => `Gesendet von Deye Hard auf ${server}`,
    verify: {
      subject: 'E-Mail-Adresse bestätigen',
      text: 'Mit dieser E-Mail-Adresse wurde ein Konto angelegt. Bitte bestätigen Sie, dass es Ihre ist.',
      button: 'Adresse bestätigen',
      after: 'Wenn Sie kein Konto angelegt haben, müssen Sie nichts tun: Ohne Ihre Bestätigung bleibt es unbestätigt.',
    },
    exists: {
      subject: 'Sie haben schon ein Konto',
      text: 'Jemand wollte diese E-Mail-Adresse für ein Konto verwenden, aber sie hat schon eines. Wenn Sie das waren: Melden Sie sich an, oder wählen Sie ein neues Passwort, falls Sie Ihres vergessen haben.',
      button: 'Zur Anmeldung',
      after: 'Wenn Sie es nicht waren, müssen Sie nichts tun.',
    },
    reset: {
      subject: 'Neues Passwort wählen',
      text: 'Für Ihr Konto wurde ein neues Passwort angefordert. Wenn Sie das waren, wählen Sie es hier.',
      button: 'Passwort wählen',
      after: 'Wenn Sie es nicht waren, müssen Sie nichts tun: Ihr Passwort bleibt, wie es ist.',
    },
    newAddress: {
      subject: 'Neue E-Mail-Adresse bestätigen',
      text: 'Dies soll die E-Mail-Adresse Ihres Kontos werden. Bis Sie sie bestätigen, bleibt die alte.',
      button: 'Adresse bestätigen',
      after: 'Wenn Sie nichts dergleichen wollten, müssen Sie nichts tun.',
    },
    addressAsked: {
      subject: 'Ihre E-Mail-Adresse soll sich ändern',
      text: 'Für Ihr Konto wurde eine andere E-Mail-Adresse angegeben. Sobald sie dort bestätigt ist, gilt diese nicht mehr.',
      after:
        'Wenn Sie das nicht waren, kennt jemand Ihr Passwort: Melden Sie sich jetzt an und wählen Sie ein anderes.',
    },
    addressChanged: {
      subject: 'Ihre E-Mail-Adresse wurde geändert',
      text: 'Ihr Konto hat ab jetzt eine neue E-Mail-Adresse. Diese gilt nicht mehr.',
      after: 'Wenn Sie das nicht waren, wenden Sie sich bitte sofort an den Betreiber dieses Servers.',
    },
    passwordChanged: {
      subject: 'Ihr Passwort wurde geändert',
      text: 'Das Passwort Ihres Kontos wurde geändert. Wer sonst noch angemeldet war, ist es nicht mehr.',
      after: 'Wenn Sie das nicht waren, wählen Sie sofort über „Passwort vergessen?“ auf der Anmeldeseite ein neues.',
    },
    twoFactorOn: {
      subject: 'Zwei-Faktor-Anmeldung eingeschaltet',
      text: 'Ab jetzt braucht die Anmeldung an Ihrem Konto auch einen Code aus Ihrer Authenticator-App.',
      after: 'Wenn Sie das nicht waren, wenden Sie sich bitte sofort an den Betreiber dieses Servers.',
    },
    twoFactorOff: {
      subject: 'Zwei-Faktor-Anmeldung ausgeschaltet',
      text: 'Ab jetzt genügt Ihr Passwort für die Anmeldung an Ihrem Konto.',
      after:
        'Wenn Sie das nicht waren, melden Sie sich an, wählen Sie ein neues Passwort und schalten Sie sie wieder ein.',
    },
    deleted: {
      subject: 'Ihr Konto wurde gelöscht',
      text: 'Ihr Konto ist weg, mit allen Wechselrichtern und allem Gemessenen. Die übrigen Daten werden binnen einer Stunde entfernt.',
      after:
        'Wenn Sie das nicht waren, wenden Sie sich bitte an den Betreiber; was in Sicherungen liegt, bleibt dort bis zu deren Ablauf.',
    },
  },

  takeoutFile: {
    name: 'LIESMICH.txt',
    text: (email, at) => [
      `Alles, was dieser Server am ${at} vom Konto ${email} hatte.`,
      '',
      'account.json            Name, Adresse, Sprache, Standorte, Schlüssel und gemailte Links (nie ihre Geheimnisse), woher das Konto zuletzt benutzt wurde',
      'devices.json            Wechselrichter mit Zählern und Eingängen, Nachweise ihrer Logger, die Gateways davor und Geräte, die aufs Hinzufügen warten',
      'sessions.json           wo das Konto angemeldet war',
      'mails.json              wann Ihnen welche E-Mail geschickt wurde; ihre Texte werden nicht aufbewahrt',
      'log.json                was mit dem Konto getan wurde',
      'pending-readings.json   was Geräte schickten, die aufs Hinzufügen warten',
      'inverters/…/samples-JJJJ-MM.csv   jede Messung, eine Datei je Monat',
      'inverters/…/energy-15m.csv        Leistung und Energie je Viertelstunde, so lange der Wechselrichter bekannt ist',
      'inverters/…/events.json           was an seinen Daten auffiel',
      'inverters/…/frames.json           Nachrichten, mit denen nichts anzufangen war',
      'inverters/…/decoded-frames.json   Nachrichten, die verstanden wurden, so lange sie aufgehoben werden',
      '',
      'CSV: UTF-8, Kommas zwischen den Spalten, ein Punkt in Zahlen, ein leeres Feld für Unbekanntes.',
      'Die Einheit steht im Namen: _w Watt, _wh Wattstunde, _v Volt, _a Ampere, _hz Hertz, _c °C, _pct Prozent. Zeiten nennen ihren Versatz.',
      'Passwort, Schlüssel und das Geheimnis eines zweiten Faktors sind nicht dabei: der Server kennt nur, was sie beweist.',
    ],
  },
};
