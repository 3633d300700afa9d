import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Language } from '../i18n/locale.ts';

/** What every component may know without being told: the language and the moment the page is made for. Nothing of the user. */
export interface View extends Language {
  now: Date;
}

const ViewContext = createContext<View | null>(null);
export const ViewProvider = ViewContext.Provider;

export function useView(): View {
  const view = useContext(ViewContext);
  if (view === null) throw new Error('rendered outside of a ViewProvider');
  return view;
}
