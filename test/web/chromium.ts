/** What installs the browser of the page's tests on Debian and its kin. */
export const installChromium = 'apt-get install -y --no-install-recommends chromium';
