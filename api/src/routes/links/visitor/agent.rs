//! Whether a `User-Agent` is a browser's with a person before it.
//!
//! A list of names is never complete, so it is only the last of three questions. Browsers have called
//! themselves `Mozilla/5.0 (…)` for thirty years, which no HTTP library does by default; programs that
//! borrow that name say that they are `compatible`, or where to read about them.

/// What browsers begin with.
const BROWSERS: [&str; 2] = ["mozilla/", "opera/"];

/// What programs that look like browsers have in their names, in lower case: crawlers, link previews,
/// scanners of mail and of links, monitors, browsers without a screen, HTTP libraries that add
/// themselves at the end.
const PROGRAMS: [&str; 58] = [
    "apache-httpclient",
    "archiver",
    "axios",
    "barracuda",
    "bot",
    "bytespider",
    "cfnetwork",
    "checker",
    "chrome-lighthouse",
    "cohere-ai",
    "crawl",
    "curl/",
    "dareboost",
    "dataprovider",
    "electron-fetch",
    "embedly",
    "externalagent",
    "externalhit",
    "facebookcatalog",
    "favicon",
    "feedfetcher",
    "fetcher",
    "go-http-client",
    "google-apps-script",
    "google-inspectiontool",
    "google-pagerenderer",
    "google-read-aloud",
    "google-safety",
    "google web preview",
    "googleimageproxy",
    "googleother",
    "gtmetrix",
    "headless",
    "heritrix",
    "httpclient",
    "iframely",
    "java/",
    "jsdom",
    "libwww",
    "mediapartners",
    "mimecast",
    "monitor",
    "nutch",
    "okhttp",
    "page speed insights",
    "phantomjs",
    "pingdom",
    "preview",
    "proofpoint",
    "python",
    "scan",
    "slurp",
    "snippet",
    "spider",
    "uptime",
    "urlresolver",
    "validator",
    "wget",
];

/// Makers whose names hold one of those.
const MAKERS: [&str; 1] = ["cubot"];

/// Whether it is.
pub(super) fn is_browser(agent: &str) -> bool {
    let mut agent = agent.trim().to_ascii_lowercase();
    for maker in MAKERS {
        agent = agent.replace(maker, "");
    }
    let begins_so = BROWSERS.iter().any(|name| agent.starts_with(name));
    begins_so
        && !is_only_compatible(&agent)
        && !tells_of_itself(&agent)
        && !PROGRAMS.iter().any(|name| agent.contains(name))
}

/// `Mozilla/5.0 (compatible; …)`, which beside programs only Internet Explorer said of itself.
fn is_only_compatible(agent: &str) -> bool {
    agent.contains("(compatible;") && !agent.contains("msie")
}

/// Where to read about it, or whom to write to.
fn tells_of_itself(agent: &str) -> bool {
    agent.contains("http://") || agent.contains("https://") || agent.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_browsers() {
        for agent in [
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 355.0.0.21.103 (iPhone14,5; iOS 18_1)",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/22B83 [FBAN/FBIOS;FBAV/489.0;FBDV/iPhone14,5]",
            "Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 13; CUBOT_NOTE_50) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 12; Pixel 6 Build/SD1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
            "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)",
            "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
            "Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; id) Presto/2.12.423 Version/12.16",
        ] {
            assert!(is_browser(agent), "{agent}");
        }
    }

    #[test]
    fn http_libraries_are_programs() {
        for agent in [
            "",
            " ",
            "-",
            "okhttp/4.12.0",
            "okhttp/5.0.0-alpha.2",
            "Go-http-client/1.1",
            "Go-http-client/2.0",
            "Java/17.0.2",
            "Java-http-client/21",
            "Apache-HttpClient/4.5.14 (Java/1.8.0_392)",
            "Jersey/2.41",
            "curl/8.5.0",
            "Wget/1.21.4",
            "python-requests/2.32.3",
            "Python-urllib/3.12",
            "aiohttp/3.9.1",
            "python-httpx/0.27.0",
            "axios/1.7.7",
            "node",
            "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
            "undici",
            "got (https://github.com/sindresorhus/got)",
            "PostmanRuntime/7.42.0",
            "insomnia/10.1.1",
            "Ruby",
            "Faraday v2.9.0",
            "rest-client/2.1.0",
            "GuzzleHttp/7",
            "PHP/8.2.1",
            "libwww-perl/6.67",
            "Dart/3.5 (dart:io)",
            "Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7)",
            "MyApp/1.0 CFNetwork/1568.200.51 Darwin/24.1.0",
            "reqwest/0.12",
            "hyper/1.0",
            "HTTPie/3.2.4",
            "Symfony HttpClient/Curl",
            "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1 python-requests/2.31",
            "Mozilla/5.0 okhttp/4.9",
        ] {
            assert!(!is_browser(agent), "{agent}");
        }
    }

    #[test]
    fn crawlers_previews_and_scanners_are_programs() {
        for agent in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36",
            "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
            "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
            "Mozilla/5.0 (Linux; Android 11; moto g power) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Mobile Safari/537.36 Chrome-Lighthouse",
            "Mozilla/5.0 (compatible; Pingdom.com_bot_version_1.4_(http://www.pingdom.com/))",
            "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
            "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1",
            "facebookexternalhit/1.1",
            "WhatsApp/2.24.20.89 A",
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            "TelegramBot (like TwitterBot)",
            "Twitterbot/1.0",
            "LinkedInBot/1.0",
            "Discordbot/2.0",
            "meta-externalagent/1.1",
            "Iframely/1.3.1",
            "Embedly/0.2",
            "W3C_Validator/1.3",
            "ia_archiver",
            "Barracuda Sentinel (EE)",
        ] {
            assert!(!is_browser(agent), "{agent}");
        }
    }
}
