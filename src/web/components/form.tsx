import type { ComponentChildren, JSX } from 'preact';
import type { FormState } from '../form.ts';
import { Icon } from './icon.tsx';

interface FormProps {
  action: string;
  csrf: string;
  class?: string;
  /** With scripts, only the content of the page is exchanged. Without them it is an ordinary form. */
  enhanced?: boolean;
  children: ComponentChildren;
}

export function Form({ action, csrf, class: className, enhanced = false, children }: FormProps): JSX.Element {
  const htmx = enhanced ? { 'hx-post': action, 'hx-target': '#main', 'hx-disabled-elt': 'find button' } : {};
  // Browsers' own bubbles come in the browser's language and cannot be read again; ours stand at the field.
  return (
    <form method="post" action={action} class={className} novalidate {...htmx}>
      <input type="hidden" name="_csrf" value={csrf} />
      {children}
    </form>
  );
}

/** What is wrong with the form as a whole. */
export function FormMessage({ form }: { form: FormState | null }): JSX.Element | null {
  if (form === null) return null;
  return (
    <div role="alert" class="alert alert-error alert-soft">
      <Icon name="alert" />
      <span>{form.message}</span>
    </div>
  );
}

interface FieldProps {
  id: string;
  name: string;
  label: string;
  type?: 'text' | 'email' | 'password';
  /** Shown under the field and read out with it. */
  hint?: string | undefined;
  error?: string | undefined;
  value?: string | undefined;
  placeholder?: string;
  autocomplete?: string;
  inputmode?: 'text' | 'numeric' | 'email';
  maxlength?: number;
  /** Where the reader should be when the page comes. */
  autofocus?: boolean;
  required?: boolean;
  hiddenLabel?: boolean;
}

export function Field(props: FieldProps): JSX.Element {
  const { id, name, label, hint, error, type = 'text', required = true } = props;
  const described = [error === undefined ? null : `${id}-error`, hint === undefined ? null : `${id}-hint`]
    .filter((part) => part !== null)
    .join(' ');
  const attributes = {
    id,
    name,
    class: 'input w-full',
    value: props.value,
    placeholder: props.placeholder,
    autocomplete: props.autocomplete ?? 'off',
    inputmode: props.inputmode,
    maxlength: props.maxlength,
    required,
    'aria-invalid': error === undefined ? undefined : ('true' as const),
    'aria-describedby': described === '' ? undefined : described,
    autofocus: props.autofocus ?? error !== undefined,
    spellcheck: false,
    autocapitalize: type === 'text' ? undefined : ('none' as const),
  };
  return (
    <div class="flex flex-col gap-1.5">
      <label for={id} class={props.hiddenLabel ? 'sr-only' : 'font-semibold text-sm'}>
        {label}
      </label>
      {type === 'password' ? (
        <input type="password" {...attributes} />
      ) : type === 'email' ? (
        <input type="email" {...attributes} />
      ) : (
        <input type="text" {...attributes} />
      )}
      {error === undefined ? null : (
        <p id={`${id}-error`} class="flex gap-1.5 font-medium text-error text-sm">
          <Icon name="alert" class="mt-px size-4" />
          {error}
        </p>
      )}
      {hint === undefined ? null : (
        <p id={`${id}-hint`} class="text-muted text-sm">
          {hint}
        </p>
      )}
    </div>
  );
}
