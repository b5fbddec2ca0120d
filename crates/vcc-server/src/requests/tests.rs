use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::room::Room;

/// What the stack is given of some bytes that come in pieces, and what becomes of its requests.
async fn pass(input: &[u8], piece: usize) -> (String, Vec<String>) {
    let (mut client, server) = tokio::io::duplex(piece);
    let rulings = Rulings::default();
    let seat = Room::new(1, Arc::default()).enter().await.unwrap();
    let mut requests = Requests::new(server, rulings.clone(), Cut::default(), seat);
    let input = input.to_vec();
    let writer = tokio::spawn(async move {
        // What is not read any more cannot be written either.
        let _ = client.write_all(&input).await;
    });
    let mut output = Vec::new();
    let mut small = [0; 7];
    loop {
        match requests.read(&mut small).await.unwrap() {
            0 if requests.is_put_away() => requests.first().await.unwrap(),
            0 => break,
            read => output.extend_from_slice(&small[..read]),
        }
    }
    drop(requests);
    writer.await.unwrap();
    let said = |ruling| match ruling {
        (Ruling::Refuse(refusal), _) => refusal.said().0.to_string(),
        (ruling, _) => format!("{ruling:?}"),
    };
    let rulings = std::iter::from_fn(|| rulings.next()).map(said).collect();
    (String::from_utf8(output).unwrap(), rulings)
}

#[tokio::test]
async fn every_request_is_read_alike_until_one_has_a_body() {
    let get = "GET /\" HTTP/1.1\r\nHost: x\r\n\r\n";
    let read = "GET /%22 HTTP/1.1\r\nHost: x\r\n\r\n";
    let empty = "POST /# HTTP/1.1\r\nContent-Length: 0\r\n\r\n";
    let empty_read = "POST /%23 HTTP/1.1\r\nContent-Length: 0\r\n\r\n";
    let body = "POST /# HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel\"o";
    let body_read = "POST /%23 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel\"o";
    let instead = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    for (input, output, rulings) in [
        (format!("{get}{get}"), format!("{read}{read}"), &["Serve", "Serve"][..]),
        (
            format!("{empty}{get}{empty}"),
            format!("{empty_read}{read}{empty_read}"),
            &["Serve", "Serve", "Serve"],
        ),
        // The stack gets what follows, and it is no request of ours.
        (format!("{get}{body}{get}"), format!("{read}{body_read}{get}"), &["Serve", "ServeLast"]),
        (format!("{get}GET /\0{get}{get}"), format!("{read}{instead}"), &["Serve", "400"]),
        (format!("{get}GET / HT"), format!("{read}{instead}"), &["Serve", "400"]),
        (format!("{get}\r\n\r"), read.to_owned(), &["Serve"]),
        ("\r\nHEAD /".to_owned(), instead.replace("GET", "HEAD"), &["400"]),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), instead.to_owned(), &["400"]),
    ] {
        for piece in [1, 2, 5, 4096] {
            let passed = pass(input.as_bytes(), piece).await;
            assert_eq!(passed.0, output, "{input:?} in pieces of {piece}");
            assert_eq!(passed.1, rulings, "{input:?} in pieces of {piece}");
        }
    }
}

/// What a client can make the server keep of a head: one that goes on, one that was preceded by
/// others, and one that follows a long one.
#[tokio::test]
async fn the_memory_of_a_head_is_bounded() {
    let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "y".repeat(LONG));
    let begun = "GET /\" HTTP/1.1\r\n".to_owned() + &"X: y\r\n".repeat(6_000);
    for (before, rulings) in
        [("", &["431"][..]), (get, &["Serve", "431"]), (&*long, &["ServeLast"])]
    {
        let input = format!("{before}{begun}");
        for piece in [1_000, 8 * 1024, 64 * 1024] {
            assert_eq!(pass(input.as_bytes(), piece).await.1, rulings, "{before:.9} {piece}");
        }
    }
    let (mut client, server) = tokio::io::duplex(64 * 1024);
    let seat = Room::new(1, Arc::default()).enter().await.unwrap();
    let mut requests = Requests::new(server, Rulings::default(), Cut::default(), seat);
    let mut given = vec![0; get.len()];
    client.write_all(get.as_bytes()).await.unwrap();
    requests.read_exact(&mut given).await.unwrap();
    for sent in 0..LONGEST_HEAD - 1 {
        client.write_all(&begun.as_bytes()[sent..=sent]).await.unwrap();
        let mut into = [0; 1_000];
        if !requests.is_put_away() {
            tokio::select! {
                biased;
                read = requests.read(&mut into) => {
                    assert!(matches!(read, Ok(0)) && requests.is_put_away(), "{read:?}");
                    assert_eq!(sent + 1, PUT_AWAY);
                    // The stack ends, which is not the end of the connection.
                    requests.shutdown().await.unwrap();
                    assert!(!requests.is_shut());
                }
                () = std::future::ready(()) => {}
            }
        } else {
            tokio::select! {
                biased;
                first = requests.first() => panic!("{first:?}"),
                () = std::future::ready(()) => {}
            }
            requests.is_put_away = true;
        }
        let kept = requests.came.capacity() + requests.next.capacity();
        assert!(kept <= LONGEST_HEAD && requests.came.len() == sent + 1, "{kept}");
    }
}
