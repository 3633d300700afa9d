/**
 * A date that cannot be shown is held back by the field's own limits while it is written, for it may become another one yet. Who leaves
 * the field with it, or asks for it, is answered by the server: the field then shows what is shown, and says why.
 */
export function installPeriodDate(): void {
  document.addEventListener('focusout', ({ target }) => {
    const field = fieldOf(target);
    if (field === null || field.validity.valid) return;
    if (field.validity.badInput) {
      field.value = field.defaultValue;
      return;
    }
    liftLimits(field);
    field.dispatchEvent(new Event('change', { bubbles: true }));
  });
  document.addEventListener('keydown', ({ key, target }) => {
    const field = fieldOf(target);
    if (key === 'Enter' && field !== null) liftLimits(field);
  });
}

function fieldOf(target: EventTarget | null): HTMLInputElement | null {
  return target instanceof HTMLInputElement && target.id === 'period-date' ? target : null;
}

function liftLimits(field: HTMLInputElement): void {
  field.removeAttribute('max');
  field.removeAttribute('min');
}
