/**
 * Runs before anything is drawn, so that nobody sees the wrong theme first. What was chosen is kept in the browser; without a choice
 * the style sheet follows the system.
 */
import { preloadKnownFont } from './font-store.client.ts';
import { applyTheme } from './theme-store.client.ts';

document.documentElement.classList.add('has-js');
applyTheme();
preloadKnownFont();
