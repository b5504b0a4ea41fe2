// The licences of what the bundler does not list (fonts, land), into the build beside its own list.
import { readFileSync, writeFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const lock = JSON.parse(readFileSync(new URL('package-lock.json', root), 'utf8')).packages;
const parts = ['@fontsource-variable/inter', '@fontsource/ibm-plex-mono', 'world-atlas'].map((name) => {
  const text = readFileSync(new URL(`node_modules/${name}/LICENSE`, root), 'utf8').trim();
  return `## ${name} - ${lock[`node_modules/${name}`].version}\n\n${text}\n`;
});
writeFileSync(new URL('public/licences-fonts-land.md', root), `# Licences of fonts and land\n\n${parts.join('\n')}`);
