// The texts of the scripts in the reader's language. English stands in the scripts; another language's texts come with
// the page as Django's catalogue (`/texts.js`), which sets `window.django`.
const catalogue = window.django;

export const gettext = (text) => catalogue?.gettext(text) ?? text;

export const ngettext = (one, many, number) => catalogue?.ngettext(one, many, number) ?? (number === 1 ? one : many);

// fill("{n} of {all}", { n: 1, all: 2 }): values go in after the translation.
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
