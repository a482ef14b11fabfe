// The texts of the scripts in the reader's language. English stands in the scripts; another language's texts come with
// the page as Django's catalogue (`/texts.js`), which sets `window.django`.
const catalogue = window.django;

export const gettext = (text) => catalogue?.gettext(text) ?? text;

export const ngettext = (one, many, number) => catalogue?.ngettext(one, many, number) ?? (number === 1 ? one : many);

// fill("{n} of {all}", { n: 1, all: 2 }): values go in after the translation. `pieces` is the same as a list, for values
// that are elements.
export const pieces = (text, values) => text.split(/\{(\w+)\}/).map((part, at) => (at % 2 ? values[part] : part));
export const fill = (text, values) => pieces(text, values).join("");
