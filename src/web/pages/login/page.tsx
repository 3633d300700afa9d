import { Fragment, type JSX } from 'preact';
import { Entrance, LanguageLink } from '../../components/entrance.tsx';
import { Field, Form, FormMessage } from '../../components/form.tsx';
import { Icon, SunMark } from '../../components/icon.tsx';
import type { Frame } from '../../page-definition.ts';

export interface LoginData {
  next: string;
  /** Whether strangers may create accounts. */
  isOpen: boolean;
  /** Whether the server has an administrator; while it has none, this is where the set-up is looked for. */
  isAdministered: boolean;
  /** The password was right, and the code of the second factor is asked for. */
  challenge: string | null;
}

export function LoginPage({ next, isOpen, isAdministered, challenge }: LoginData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  const { form } = frame;
  const asked = form?.action === '/login/code' ? (form.values['challenge'] ?? null) : challenge;
  if (asked !== null) return <CodeStep challenge={asked} next={form?.values['next'] ?? next} frame={frame} />;
  return (
    <div class="mx-auto flex max-w-md flex-col gap-6 pt-4 md:pt-12">
      <div class="flex flex-col items-center gap-3 text-center">
        <SunMark class="size-16" />
        <h1 class="font-bold text-3xl">{t.login.title}</h1>
        <p class="text-muted">{t.login.lead}</p>
      </div>
      {isAdministered ? null : <NoAdministrator isOpen={isOpen} frame={frame} />}
      <Form action="/login" csrf={frame.csrfToken} class="panel flex flex-col gap-4">
        <FormMessage form={form} />
        <input type="hidden" name="next" value={form?.values['next'] ?? next} />
        <Field
          id="username"
          name="username"
          label={t.login.email}
          type="email"
          autocomplete="username"
          inputmode="email"
          value={form?.values['username']}
          error={form?.errors['username']}
          // What is said above it would be passed over.
          autofocus={form === null && isAdministered}
        />
        <Field
          id="password"
          name="password"
          label={t.login.password}
          type="password"
          autocomplete="current-password"
          error={form?.errors['password']}
          autofocus={form !== null && form.errors['username'] === undefined}
        />
        <button type="submit" class="btn btn-primary btn-block mt-2">
          {t.login.button}
        </button>
      </Form>
      <p class="flex flex-wrap justify-between gap-x-6 gap-y-2">
        <a href="/reset_password" class="link text-sm">
          {t.reset.link}
        </a>
        {isOpen ? (
          <a href="/signup" class="link text-sm">
            {t.signup.link}
          </a>
        ) : null}
        <LanguageLink frame={frame} path="/login" />
      </p>
    </div>
  );
}

const CREATE_ADMINISTRATOR = 'npx deye-hard user create --email name@example.org --admin';

/** Where the one-time link is, and what to do without it. Whoever reads the server's output or runs commands there owns the server. */
function NoAdministrator({ isOpen, frame }: { isOpen: boolean; frame: Frame }): JSX.Element {
  const words = frame.language.t.login.noAdministrator;
  return (
    <section class="panel flex flex-col gap-3" aria-labelledby="no-administrator">
      <h2 id="no-administrator" class="flex gap-2 font-bold text-lg">
        <Icon name="alert" class="mt-1 size-5 shrink-0 text-sun-ink" />
        {words.title}
      </h2>
      <p>{words.where}</p>
      <ul class="flex list-disc flex-col gap-1 pl-5">
        <li>{words.terminal}</li>
        <li>
          {words.service} <Command of="journalctl -u deye-hard" />
        </li>
        <li>
          {words.container} <Command of="docker logs deye-hard" />
        </li>
      </ul>
      <p>
        {words.again} <Command of={CREATE_ADMINISTRATOR} />
      </p>
      {isOpen ? <p class="text-muted">{words.isOpen}</p> : null}
    </section>
  );
}

/** Broken between its words only, and never at their hyphens. */
function Command({ of }: { of: string }): JSX.Element {
  return (
    <code class="mt-1 block select-all rounded-field bg-base-200 px-3 py-2 font-mono text-sm">
      {of.split(' ').map((word, i) => (
        <Fragment key={word}>
          {i === 0 ? '' : ' '}
          <span class="whitespace-nowrap">{word}</span>
        </Fragment>
      ))}
    </code>
  );
}

/** The second step: what proved the first travels along, sealed, so that the password is not asked for again nor kept anywhere. */
function CodeStep({ challenge, next, frame }: { challenge: string; next: string; frame: Frame }): JSX.Element {
  const { t } = frame.language;
  return (
    <Entrance title={t.twoFactor.signInTitle} lead={t.twoFactor.signInLead}>
      <Form action="/login/code" csrf={frame.csrfToken} class="panel flex flex-col gap-4">
        <FormMessage form={frame.form} />
        <input type="hidden" name="challenge" value={challenge} />
        <input type="hidden" name="next" value={next} />
        <Field
          id="otp"
          name="otp"
          label={t.twoFactor.signInCode}
          autocomplete="one-time-code"
          error={frame.form?.errors['otp']}
          maxlength={100}
          autofocus
        />
        <button type="submit" class="btn btn-primary btn-block mt-2">
          {t.twoFactor.signInButton}
        </button>
      </Form>
      <p>
        <a href="/login" class="link text-sm">
          {t.entrance.toLogin}
        </a>
      </p>
    </Entrance>
  );
}
