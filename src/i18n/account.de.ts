import type { accountEn } from './account.en.ts';

/** The words of signing in and of the account, in German. */
export const accountDe: typeof accountEn = {
  login: {
    title: 'Anmelden',
    lead: 'Ihre Sonne, auf Ihrem eigenen Server.',
    email: 'E-Mail-Adresse',
    password: 'Passwort',
    button: 'Anmelden',
    wrong: 'E-Mail-Adresse oder Passwort ist falsch.',
    tooMany: (minutes) =>
      minutes === 1
        ? 'Zu viele Versuche. Bitte versuchen Sie es in einer Minute wieder.'
        : `Zu viele Versuche. Bitte versuchen Sie es in ${minutes} Minuten wieder.`,
    required: 'Bitte füllen Sie dieses Feld aus.',
    noAdministrator: {
      title: 'Dieser Server hat noch keinen Administrator',
      where:
        'Beim Start hat er einen Link ausgegeben, unter dem Sie ihn einrichten. Er steht in der Ausgabe des Servers:',
      terminal: 'im Terminal, in dem er gestartet wurde',
      service: 'als Dienst:',
      container: 'im Container:',
      again:
        'Jeder Start gibt einen neuen Link aus; nur der letzte gilt. Ohne Neustart geht es auch mit diesem Befehl auf dem Rechner des Servers:',
      isOpen:
        'Ein Konto, das Sie hier selbst anlegen, ist ein gewöhnliches: Zum Administrator machen nur der Link oder der Befehl.',
    },
  },

  setup: {
    title: 'Server einrichten',
    lead: 'Legen Sie den ersten Administrator an. Diese Seite gilt einmal.',
    firstName: 'Vorname',
    lastName: 'Nachname',
    email: 'E-Mail-Adresse',
    password: 'Passwort',
    passwordHint: 'Mindestens 8 Zeichen; ein Satz ist besser als ein Rätsel.',
    button: 'Administrator anlegen',
    usedUp: 'Dieser Link gilt nicht mehr',
    usedUpHint:
      'Er gilt einmal. Solange es keinen Administrator gibt, schreibt der Server bei jedem Start einen neuen Link; sonst melden Sie sich an.',
    toLogin: 'Zur Anmeldung',
    errors: {
      email: 'Bitte prüfen Sie die E-Mail-Adresse.',
      emailTaken: 'Zu dieser Adresse gibt es schon ein Konto.',
      password: 'Mindestens 8 Zeichen, nicht die E-Mail-Adresse und nichts leicht zu Erratendes.',
      name: 'Höchstens 255 Zeichen.',
    },
  },

  entrance: {
    email: 'E-Mail-Adresse',
    password: 'Passwort',
    passwordHint: 'Mindestens 8 Zeichen; ein Satz ist besser als ein Rätsel.',
    newPassword: 'Neues Passwort',
    again: 'Neues Passwort, noch einmal',
    toLogin: 'Zur Anmeldung',
    language: 'English',
    checkMail: 'Sehen Sie in Ihr Postfach',
    closed: 'Neue Konten legt der Betreiber dieses Servers an. Bitte fragen Sie dort.',
    tooMany: (minutes) =>
      minutes === 1
        ? 'Zu oft. Bitte versuchen Sie es in einer Minute wieder.'
        : `Zu oft. Bitte versuchen Sie es in ${minutes} Minuten wieder.`,
    errors: {
      email: 'Bitte prüfen Sie die E-Mail-Adresse.',
      password: 'Mindestens 8 Zeichen, nicht die E-Mail-Adresse und nichts, was leicht zu erraten ist.',
      again: 'Die beiden Passwörter sind nicht gleich.',
      name: 'Höchstens 255 Zeichen.',
      required: 'Bitte füllen Sie dieses Feld aus.',
    },
  },

  signup: {
    title: 'Konto anlegen',
    lead: 'Für Ihre eigenen Wechselrichter. Niemand sonst sieht sie.',
    link: 'Konto anlegen',
    firstName: 'Vorname',
    lastName: 'Nachname',
    button: 'Konto anlegen',
    sent: (email) =>
      `Wir haben eine E-Mail an ${email} gesendet. Öffnen Sie den Link darin, dann melden Sie sich an. Nichts da? Sehen Sie auch im Spam nach.`,
    toLogin: 'Ich habe schon ein Konto',
  },

  verify: {
    title: 'E-Mail-Adresse bestätigen',
    confirmed: 'Ihre E-Mail-Adresse ist bestätigt',
    confirmedHint: 'Jetzt können Sie alles nutzen.',
    invalid: 'Dieser Link gilt nicht mehr',
    invalidHint: 'Er gilt einmal und einen Tag lang. Melden Sie sich an, um einen neuen zu bekommen.',
    waiting: (email) => `Bitte öffnen Sie den Link in der E-Mail, die wir an ${email} gesendet haben.`,
    until: 'Bis dahin können Sie sich umsehen, aber keine Wechselrichter hinzufügen.',
    again: 'Noch einmal senden',
    sent: 'Gesendet. Sehen Sie auch im Spam nach.',
    goOn: 'Weiter',
    banner: 'Ihre E-Mail-Adresse ist noch nicht bestätigt.',
    bannerLink: 'Bestätigen',
  },

  reset: {
    title: 'Passwort vergessen?',
    lead: 'Wir senden Ihnen einen Link, über den Sie ein neues wählen können.',
    link: 'Passwort vergessen?',
    button: 'Link senden',
    sent: (email) => `Wenn es ein Konto für ${email} gibt, ist eine E-Mail unterwegs. Der Link darin gilt eine Stunde.`,
    choose: 'Neues Passwort wählen',
    chooseLead: 'Wer in Ihrem Konto angemeldet ist, muss sich danach neu anmelden.',
    save: 'Passwort speichern',
    invalid: 'Dieser Link gilt nicht mehr',
    invalidHint: 'Er gilt einmal und eine Stunde lang.',
    askAgain: 'Einen neuen anfordern',
    done: 'Ihr Passwort ist geändert',
    doneHint: 'Melden Sie sich jetzt mit dem neuen an.',
  },

  settings: {
    title: 'Ihr Konto',
    done: {
      profile: 'Gespeichert.',
      email: 'Bitte öffnen Sie den Link in der E-Mail an die neue Adresse. Bis dahin bleibt die alte.',
      password: 'Das Passwort ist geändert. Wer sonst noch angemeldet war, ist es nicht mehr.',
      session: 'Dort abgemeldet.',
      sessions: 'Überall sonst abgemeldet.',
      site: 'Gespeichert.',
      takeout: 'Es wird zusammengestellt. Sie können die Seite verlassen, es geht weiter.',
      takeoutRemoved: 'Das Archiv ist entfernt.',
    },
    profile: {
      title: 'Profil',
      firstName: 'Vorname',
      lastName: 'Nachname',
      language: 'Sprache',
      languages: { browser: 'Wie der Browser', de: 'Deutsch', en: 'English' },
      timeZone: 'Zeitzone',
      timeZoneHint: 'Sie entscheidet, wann ein Tag beginnt.',
      save: 'Speichern',
      timeZoneWrong: 'Bitte wählen Sie eine aus der Liste.',
    },
    email: {
      title: 'E-Mail-Adresse',
      now: (email) => `Jetzt: ${email}`,
      next: 'Neue E-Mail-Adresse',
      button: 'Adresse ändern',
      same: 'Das ist schon Ihre Adresse.',
    },
    password: {
      title: 'Passwort',
      current: 'Jetziges Passwort',
      button: 'Passwort ändern',
      wrong: 'Das Passwort ist falsch.',
    },
    sessions: {
      title: 'Wo Sie angemeldet sind',
      here: 'dieses Gerät',
      unknown: 'Unbekanntes Gerät',
      lastUsed: 'zuletzt benutzt',
      since: (time) => `seit ${time}`,
      end: 'Abmelden',
      endOf: (device) => `${device} abmelden`,
      endOthers: 'Überall sonst abmelden',
    },
    sites: {
      title: 'Wo Ihre Wechselrichter stehen',
      lead: 'Der Ort sagt, wann dort die Sonne scheint, und damit, ob ein stiller Wechselrichter schläft oder fehlt.',
      name: 'Name',
      timeZone: 'Zeitzone',
      timeZoneAbove: (zone) => `Zeitzone: ${zone} (siehe „Profil“)`,
      latitude: 'Breite, in Grad Nord',
      longitude: 'Länge, in Grad Ost',
      placeHint: 'Zum Beispiel 52,52 und 13,40. Ohne sie zählt die größte Stadt der Zeitzone.',
      save: 'Speichern',
      saveOf: (site) => `${site} speichern`,
      nameWrong: 'Höchstens 100 Zeichen, und nicht leer.',
      placeWrong: 'Eine Gradzahl fehlt oder ist zu groß; beide oder keine.',
    },
    takeout: {
      title: 'Alles mitnehmen',
      lead:
        'Ein Archiv mit Profil, Standorten, Geräten, allem Gemessenen, Ereignissen, Schlüsseln (ohne ihre Geheimnisse), Anmeldungen und ' +
        'E-Mails: Tabellen für Tabellenprogramme und andere Programme.',
      start: 'Archiv zusammenstellen',
      startAgain: 'Ein neues zusammenstellen',
      waiting: 'Gleich geht es los.',
      running: (percent) => `Es wird zusammengestellt: ${percent}.`,
      ready: (size, until) => `Es ist fertig: ${size}. Herunterladen können Sie es bis ${until}.`,
      failed:
        'Es ließ sich nicht zusammenstellen. Versuchen Sie es noch einmal, oder fragen Sie, wer diesen Server betreibt.',
      gone: 'Das letzte ist nicht mehr da.',
      download: 'Herunterladen',
      remove: 'Archiv entfernen',
      stop: 'Abbrechen',
      underWay: 'Es wird schon zusammengestellt.',
      tooMany: (hours) =>
        `Ein Konto lässt sich dreimal am Tag mitnehmen. Versuchen Sie es in ${hours === 1 ? 'einer Stunde' : `${hours} Stunden`} wieder.`,
    },
    remove: {
      title: 'Konto löschen',
      link: 'Konto löschen …',
      lead: 'Das geht verloren, und niemand kann es zurückholen:',
      inverters: (n) => (n === 1 ? 'Ihr Wechselrichter' : `Ihre ${n} Wechselrichter`),
      readings: 'alles je Gemessene, mit Kurven und Statistiken',
      keys: 'API-Schlüssel: Geräte, die sie nutzen, werden nicht mehr gehört',
      export: 'Erst alles mitnehmen',
      backups: 'In Sicherungen des Servers bleibt es bis zu deren Ablauf.',
      confirm: 'Ihr Passwort, damit das niemand im Vorbeigehen tut',
      button: 'Endgültig löschen',
      cancel: 'Behalten',
      lastAdmin: 'Ihres ist das letzte Konto mit Verwaltung. Ermächtigen Sie zuerst ein anderes.',
    },
  },

  twoFactor: {
    title: 'Zwei-Faktor-Anmeldung',
    link: 'Zwei-Faktor-Anmeldung',
    lead: 'Neben dem Passwort braucht die Anmeldung dann einen Code, den eine App auf Ihrem Telefon zeigt, etwa Aegis, FreeOTP oder Google Authenticator. Ein gestohlenes Passwort allein ist nichts wert.',
    adminNeeds: 'Als Administrator brauchen Sie sie: Richten Sie sie jetzt ein.',
    off: 'Sie ist aus.',
    on: (codes) =>
      codes === 1
        ? 'Sie ist an. Ein Wiederherstellungscode ist übrig.'
        : `Sie ist an. ${codes} Wiederherstellungscodes sind übrig.`,
    password: 'Ihr Passwort',
    begin: 'Einrichten',
    scan: 'Öffnen Sie Ihre Authenticator-App und lesen Sie damit dieses Bild ein. Ohne Kamera: Geben Sie den Schlüssel ein, oder tippen Sie auf dem Telefon mit der App auf den Link.',
    qrCode: 'QR-Code für die Authenticator-App; derselbe Schlüssel steht darunter als Text',
    key: 'Schlüssel',
    open: 'In der App öffnen',
    code: 'Code aus der App',
    codeHint: 'Sechs Ziffern; alle 30 Sekunden neue.',
    confirm: 'Einschalten',
    wrongCode: 'Der Code ist falsch. Geht die Uhr des Telefons richtig?',
    codesTitle: 'Ihre Wiederherstellungscodes',
    codesHint:
      'Jeder gilt einmal anstelle der App, falls Sie das Telefon verlieren. Bewahren Sie sie bei Ihren wichtigen Papieren auf: Sie werden nur jetzt gezeigt.',
    done: 'Ich habe sie aufbewahrt',
    renew: 'Neue Wiederherstellungscodes',
    disable: 'Ausschalten',
    signInTitle: 'Noch ein Schritt',
    signInLead: 'Der Code, den Ihre Authenticator-App zeigt, oder einer Ihrer Wiederherstellungscodes.',
    signInCode: 'Code aus der App',
    signInButton: 'Anmelden',
    signInWrong: 'Der Code ist falsch, oder es hat zu lange gedauert. Bitte noch einmal.',
  },
};
