/** Installs the browser for the page tests on Debian and Ubuntu. */
export const installChromium = 'apt-get install -y --no-install-recommends chromium';
