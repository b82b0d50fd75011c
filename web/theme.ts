/** Dark, light, or as the system says; and the palette of the figures as CSS variables: there is only one. */
import { computed, effect, signal } from '@preact/signals';
import { palettes, type, type Theme } from '../src/figures/palette.ts';

export type ThemeChoice = 'system' | Theme;

const key = 'cox-theme';
const choices: readonly ThemeChoice[] = ['system', 'light', 'dark'];
const systemIsDark = matchMedia('(prefers-color-scheme: dark)');
const isDark = signal(systemIsDark.matches);
systemIsDark.addEventListener('change', ({ matches }) => (isDark.value = matches));

export const themeChoice = signal<ThemeChoice>(stored());
/** The theme that is shown. */
export const theme = computed<Theme>(() => {
  if (themeChoice.value !== 'system') return themeChoice.value;
  return isDark.value ? 'dark' : 'light';
});

/** System, light, dark, and round again. */
export function nextTheme(): void {
  themeChoice.value = choices[(choices.indexOf(themeChoice.peek()) + 1) % choices.length] ?? 'system';
}

/** Keeps the page's variables and what is stored in step with the choice. */
export function applyTheme(): void {
  effect(() => {
    const root = document.documentElement;
    root.dataset.theme = theme.value;
    root.style.colorScheme = theme.value;
    const { series, ...colours } = palettes[theme.value];
    for (const [name, colour] of Object.entries(colours)) root.style.setProperty(`--${name}`, colour);
    series.forEach((colour, i) => root.style.setProperty(`--series-${i}`, colour));
    root.style.setProperty('--sans', type.family);
  });
  effect(() => {
    try {
      localStorage.setItem(key, themeChoice.value);
    } catch {
      // A browser that keeps nothing shows the same until it is closed.
    }
  });
}

function stored(): ThemeChoice {
  try {
    return choices.find((one) => one === localStorage.getItem(key)) ?? 'system';
  } catch {
    return 'system';
  }
}
