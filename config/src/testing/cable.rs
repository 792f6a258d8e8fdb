//! A server that goes away and comes back, for one application only.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

/// A way to a server that can be cut and mended.
pub struct Cable {
    url: Url,
    whole: watch::Sender<bool>,
}

impl Cable {
    /// `url` is the server's, with its port.
    pub async fn to(url: &str) -> Self {
        let mut url: Url = url.parse().expect("a server's address is a URL");
        let host = url.host_str().expect("the URL has a host").to_owned();
        let target = (host, url.port().expect("the URL has a port"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let address = listener.local_addr().expect("a listener has an address");
        url.set_host(Some("127.0.0.1")).expect("an address is a host");
        url.set_port(Some(address.port())).expect("the URL has a host");
        let (whole, state) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (target, mut state) = (target.clone(), state.clone());
                tokio::spawn(async move {
                    let carry = async {
                        let mut far = TcpStream::connect(target).await?;
                        copy_bidirectional(&mut near, &mut far).await
                    };
                    // An error, too, means that the cable is gone.
                    let cut = state.wait_for(|whole| !whole);
                    tokio::select! {
                        _ = carry => {}
                        _ = cut => {}
                    }
                });
            }
        });
        Self { url, whole }
    }

    /// The server's URL by way of the cable.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Breaks every connection, and each new one at once.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    pub fn mend(&self) {
        self.whole.send_replace(true);
    }
}
