//! A connected peer without a stack of its own, which can send what no stack sends.

use crate::check::{Check, answer};
use crate::protection::Protection;
use crate::sctp::Sctp;
use crate::{millis, peer_address, server_address, session_options, start_of_time};
use bytes::BytesMut;
use parley_session::{
    Event, Identity, Input, LocalAddresses, Output, RtcSession, Seed, SessionOptions, VideoOptions,
};
use rtc::crypto::SignatureScheme;
use rtc::dtls::config::{ConfigBuilder, ExtendedMasterSecretType};
use rtc::dtls::endpoint::{Endpoint, EndpointEvent};
use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::peer_connection::certificate::{CertificateParams, RTCCertificate};
use rtc::shared::TransportProtocol;
use std::sync::Arc;
use std::time::Instant;

const PASSWORD: &str = "a-password-of-24-letters";

/// A session and a peer that has shaken hands with it, on a link without delay. The peer speaks checks, DTLS and SCTP,
/// and everything above is up to the test.
pub struct BareCall {
    /// The session.
    pub session: RtcSession,
    /// What the session said.
    pub events: Vec<Event>,
    /// Frames that the session gave to its handler.
    pub frames: u64,
    dtls: Endpoint,
    srtp: Option<Protection>,
    sctp: Sctp,
    now: Instant,
}

impl BareCall {
    /// A call whose association is open, and no data channel.
    ///
    /// # Panics
    /// When it doesn't come about.
    #[must_use]
    pub fn connect() -> Self {
        Self::connect_with(session_options())
    }

    /// The same with video, VP8 at payload type 96 and its retransmissions at 97, from the sources 8 and 9; header extension 3
    /// numbers packets transport-wide, and 4 says how the camera is turned.
    ///
    /// # Panics
    /// When it doesn't come about.
    #[must_use]
    pub fn connect_video() -> Self {
        Self::connect_with(SessionOptions { video: Some(VideoOptions::default()), ..session_options() })
    }

    fn connect_with(options: SessionOptions) -> Self {
        let (session, dtls, check) = accept(options);
        let mut call = Self {
            session,
            events: Vec::new(),
            frames: 0,
            dtls,
            srtp: None,
            sctp: Sctp::default(),
            now: start_of_time(),
        };
        // A check to find the path, and one to choose it.
        call.deliver(&check.bytes());
        call.deliver(&Check { nominates: true, ..check }.bytes());
        call.run(300);
        let init = call.sctp.init();
        call.send(&init);
        call.run(50);
        call.srtp = call.dtls.get_connection_state(server_address()).and_then(Protection::of);
        assert!(call.sctp.is_open() && call.events.contains(&Event::Connected), "{:?}", call.events);
        call
    }

    /// Gives the session an input now.
    pub fn handle(&mut self, input: Input<'_>) {
        self.session.handle(self.now, input);
        self.take_outputs();
    }

    /// Sends a user message on a stream for that protocol: 50 is the control of data channels, 51 text, 53 bytes.
    pub fn send_message(&mut self, stream: u16, protocol: u32, payload: &[u8]) {
        let packet = self.sctp.message(stream, protocol, payload);
        self.send(&packet);
    }

    /// Sends an SCTP packet with any chunks in it.
    pub fn send_chunks(&mut self, chunks: &[u8]) {
        let packet = self.sctp.packet(chunks);
        self.send(&packet);
    }

    /// Encrypts and sends anything.
    ///
    /// # Panics
    /// When the DTLS layer can't.
    pub fn send(&mut self, data: &[u8]) {
        self.dtls.write(self.now, server_address(), data).expect("the association is up");
        self.flush();
    }

    /// Encrypts and sends an RTP or RTCP packet (told apart as in RFC 5761) with anything behind its first bytes.
    ///
    /// # Panics
    /// When the call has no keys for media.
    pub fn send_media(&mut self, packet: &[u8]) {
        let protected = self.srtp.as_mut().expect("keys for media").protect(packet);
        if let Some(protected) = protected {
            self.deliver(&protected);
        }
    }

    /// Lets so many milliseconds pass.
    pub fn run(&mut self, milliseconds: u32) {
        for _ in 0..milliseconds {
            self.now += millis(1);
            self.session.handle(self.now, Input::Wake);
            self.take_outputs();
            // An error is the end of the association, which the test will notice.
            let _ = self.dtls.handle_timeout(server_address(), self.now);
            self.flush();
        }
    }

    fn flush(&mut self) {
        while let Some(sent) = self.dtls.poll_transmit() {
            self.deliver(&sent.message);
        }
    }

    fn deliver(&mut self, datagram: &[u8]) {
        self.session.handle(self.now, Input::Datagram(peer_address(), datagram));
        self.take_outputs();
    }

    fn take_outputs(&mut self) {
        let mut datagrams = Vec::new();
        loop {
            match self.session.poll_output() {
                Output::Datagram(_, datagram) => datagrams.push(datagram),
                Output::Event(event) => self.events.push(event),
                Output::Frame(_) | Output::VideoFrame(_) => self.frames += 1,
                Output::WakeAt(_) => break,
                _ => {}
            }
        }
        datagrams.into_iter().for_each(|datagram| self.receive(datagram));
    }

    fn receive(&mut self, datagram: BytesMut) {
        match datagram.first() {
            Some(0) => self.deliver(&answer(&datagram, PASSWORD, server_address())),
            Some(20..=63) => {
                let events = self.dtls.read(self.now, server_address(), None, datagram).unwrap_or_default();
                for event in events {
                    self.dtls_event(event);
                }
                self.flush();
            }
            _ => {}
        }
    }

    fn dtls_event(&mut self, event: EndpointEvent) {
        if let EndpointEvent::ApplicationData(data) = event
            && let Some(reply) = self.sctp.receive(&data)
        {
            self.send(&reply);
        }
    }
}

/// A session that has answered, the peer's DTLS with its first flight waiting, and the check that opens the path.
fn accept(options: SessionOptions) -> (RtcSession, Endpoint, Check) {
    let now = start_of_time();
    let provider = rtc::crypto::default_provider().expect("a crypto provider is compiled in");
    let names = CertificateParams::new(vec!["bare".to_owned()]).expect("a valid name");
    let certificate = RTCCertificate::generate(provider.crypto(), SignatureScheme::EcdsaP256Sha256, names)
        .expect("a certificate");
    let fingerprints = certificate.get_fingerprints(provider.crypto()).expect("fingerprints");
    let local = LocalAddresses {
        v4: Some(server_address()),
        candidates: vec![server_address()],
        ..LocalAddresses::default()
    };
    let identity = Identity::generate().expect("a certificate");
    let seed = Seed { ssrc: 1, sequence_number: 1, timestamp: 1 };
    let offer = offer(&fingerprints[0].value, options.video.is_some());
    let (session, _) = RtcSession::accept(now, &identity, Arc::new(local), options, seed, &offer)
        .unwrap_or_else(|rejection| panic!("{rejection}\n{offer}"));
    let config = ConfigBuilder::default()
        .with_crypto_provider(provider)
        .with_certificates(vec![certificate.dtls_certificate])
        .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm])
        .with_insecure_skip_verify(true)
        .with_extended_master_secret(ExtendedMasterSecretType::Require)
        .build(true, None)
        .expect("a client's configuration");
    let mut dtls = Endpoint::new(peer_address(), TransportProtocol::UDP, None);
    dtls.connect(now, server_address(), Arc::new(config), None).expect("a first flight");
    let ours = session.credentials();
    let username = format!("{}:bare", ours.ufrag);
    let check = Check { username, password: Some(ours.password.clone()), ..Check::default() };
    (session, dtls, check)
}

fn offer(fingerprint: &str, with_video: bool) -> String {
    let transport = format!(
        "c=IN IP4 0.0.0.0\r\na=ice-ufrag:bare\r\na=ice-pwd:{PASSWORD}\r\na=fingerprint:sha-256 {fingerprint}\r\n\
         a=setup:actpass\r\n"
    );
    let candidate = format!(
        "a=candidate:1 1 udp 2130706431 {} {} typ host\r\n",
        peer_address().ip(),
        peer_address().port()
    );
    let (bundled, video) = if with_video { (" 2", video(&transport)) } else { ("", String::new()) };
    format!(
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1{bundled}\r\n\
         m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n{transport}a=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\n\
         a=rtpmap:111 opus/48000/2\r\na=ssrc:7 cname:bare\r\n{candidate}\
         m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n{transport}a=mid:1\r\na=sctp-port:5000\r\n{video}"
    )
}

fn video(transport: &str) -> String {
    format!(
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n{transport}a=mid:2\r\na=sendrecv\r\na=rtcp-mux\r\n\
         a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\na=rtcp-fb:96 transport-cc\r\n\
         a=rtcp-fb:96 goog-remb\r\na=rtcp-fb:96 ccm fir\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n\
         a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
         a=extmap:4 urn:3gpp:video-orientation\r\na=ssrc-group:FID 8 9\r\na=ssrc:8 cname:bare\r\n\
         a=ssrc:9 cname:bare\r\n"
    )
}
